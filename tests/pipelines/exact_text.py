"""Harm to the lines of a text file: to one of them, to their ends, to the header, or to the whole."""

from collections.abc import Iterator

from tests.pipelines.exact_cases import AT, COLUMNS, FORMATS, Case, Format, Line, delimited, jsons

BOM = b"\xef\xbb\xbf"


def lines_of_any_text() -> Iterator[Case]:
    """Bytes that are no text, line ends of all kinds, blank lines, a file without records."""
    for made in FORMATS.values():
        lines, at = made.lines(), made.at()
        blank = Line(b"")
        bad = lines[at].text.replace("€".encode(), b"\xe2\x82")
        yield made.with_line("bad UTF-8", bad, reason="not UTF-8: byte 0xe2 at byte")
        yield made.case("a byte order mark", lines, harm=lambda data: BOM + data)
        if made.join:
            marked = [
                Line(BOM + line.text, {**line.record, "user": "\ufeff" + made.cell(line.record["user"])})
                for line in lines
                if line.record
            ]
            yield made.case("byte order marks within the file", [*lines[: 1 + made.header], *marked[1:]])
        else:
            yield made.with_line("a byte order mark within the file", BOM + lines[at].text, lines[at].record)
        yield made.case("lines that end with CR LF", lines, lambda _: b"\r\n")
        yield made.case("mixed line ends", lines, lambda place: b"\n" if place % 3 else b"\r\n")
        yield made.case("no line end at the end", lines, open_end=True)
        yield made.case("blank lines", [blank, blank, *lines[:4], blank, *lines[4:], blank, blank])
        yield made.case("many blank lines at the end", [*lines, *[blank] * 700])
        yield made.case("many blank lines at the start", [*[blank] * 700, *lines])
        what = "one JSON object a line is needed" if not made.join else "a header line is needed"
        yield made.case("an empty file", []).fails(f"{made.file}: the file is empty; {what}")
        if made.columns:
            continue
        yield made.case("blank lines only", [blank] * 5).fails(f"{made.file}: the file is empty; {what}")


def cells() -> Iterator[Case]:
    """Rows that are too short or long, cut files, carriage returns and quotes where none belong."""
    for made in delimited():
        width, line = len(COLUMNS), made.harmed()
        short = made.join.join(line.decode().split(made.join)[:-2]).encode()
        yield made.with_line("a short row", short, reason=f"{width - 2} cells where the header has {width}")
        yield made.with_line("one cell", b"u5", reason=f"1 cells where the header has {width}")
        one_more = line + made.join.encode()
        yield made.with_line("a long row", one_more, reason=f"{width + 1} cells where the header has {width}")
        cut = [*made.lines()[:-1], Line(short, reason=f"{width - 2} cells where the header has {width}")]
        yield made.case("cut within the last record", cut, open_end=True)
        bare = made.harmed(note="a\rb")
        yield made.with_line("a bare CR in a cell", bare, reason="a carriage return stands outside quotes")
        record = made.records()[AT] | {"note": 'a "b" c'}
        yield made.with_line("quotes within a cell", made.harmed(note='a "b" c'), record)
        if made.join == "\t":
            record = made.records()[AT] | {"note": '"a'}
            yield made.with_line("a quote, which TSV has not", made.harmed(note='"a'), record)
        else:
            lines = [*made.lines()[:-1], Line(made.line(made.records()[-1], tags='"a'))]
            line_number = b"\n".join(line.text for line in lines[:-1]).count(b"\n") + 2
            yield made.case("a quote that is never closed", lines).fails(
                f"{made.file}:{line_number}: a quote is opened and never closed"
            )
        if made.quotes:
            reason = f"{width - 1} cells where the header has {width}"
            yield made.with_line("a quote that the next cell's closes", made.harmed(note='"a'), reason=reason)


def headers() -> Iterator[Case]:
    """Columns that are missing, more, twice, renamed, moved, of another type; a header that is no text, or alone."""
    for made in (made for made in delimited() if made.header):

        def head(*names: str, made: Format = made) -> list[Line]:
            return [Line(made.join.join(names).encode()), *made.lines()[1:]]

        file, lines, join = made.file, made.lines(), made.join.encode()
        added = [Line(b"more" + join + lines[0].text)]
        added += [Line(b"1" + join + line.text, line.record) for line in lines[1:]]
        yield made.case("one more column", added)
        yield made.case("a column twice", [Line(b"note" + join + lines[0].text), *added[1:]]).fails(
            f"{file}:1: the header names a column twice: 'note'"
        )
        yield made.case("a renamed column", head(*COLUMNS[:2], "rated", *COLUMNS[3:])).fails(
            f"{file}: unknown column 'rating'; did you mean 'rated'?"
        )
        yield made.case("a missing column", head(*COLUMNS[:5], "x", *COLUMNS[6:])).fails(
            f"{file}: unknown column 'time'"
        )
        yield made.case("a header that is not UTF-8", [Line(lines[0].text + join + b"\xff"), *lines[1:]]).fails(
            f"{file}:1: the header is not UTF-8"
        )
        yield made.case("a header alone", lines[:1])
        yield made.case("lines that end with CR", lines, lambda _: b"\r").fails(f"{file}:1: the header cannot be read")
        records = made.records()
        moved = [Line(made.join.join(reversed(COLUMNS)).encode())]
        moved += [Line(made.line(dict(reversed(list(record.items())))), record) for record in records]
        yield made.case("columns in another order", moved)
        words = [lines[0]]
        words += [
            Line(made.line(record, rating="good"), reason="`rating` must be a finite number") for record in records
        ]
        yield made.case("a column of words for numbers", words)


def objects() -> Iterator[Case]:
    """JSON that is none, keys that are missing, twice, renamed or more, and lines that hold less or more than one object."""
    usable = "not a usable JSON object"
    for made in jsons():
        line, record, lines = made.harmed(), made.records()[AT], made.lines()
        for name, text, reason in (
            ("two objects on a line", line + line, f"{usable}: Extra data"),
            ("two objects on a line, apart", line + b" " + line, f"{usable}: Extra data"),
            ("an array", b"[" + line + b"]", f"{usable}: it must be an object"),
            ("null", b"null", f"{usable}: it must be an object"),
            ("a comma at the end", line[:-1] + b",}", usable),
            ("a brace too many", line + b"}", f"{usable}: Extra data"),
            ("a key twice", line[:-1] + b', "note": "b"}', f"{usable}: a key stands twice: note"),
            ("an object for a text", made.harmed(note='{"a": 1}'), f"{usable}: `note` must be a text"),
            ("a list for a number", made.harmed(rating="[1]"), "`rating` must be a finite number"),
            ("half of a surrogate", made.harmed(note='"\\ud800"'), f"{usable}: 'utf-8' codec can't encode"),
            ("the other half of a surrogate", made.harmed(note='"\\udc00"'), f"{usable}: 'utf-8' codec can't encode"),
            ("a tab in a text", made.harmed(note='"a\tb"'), f"{usable}: Invalid control character"),
            ("an unknown escape", made.harmed(note='"\\x"'), f"{usable}: Invalid \\escape"),
            ("a bare CR for a line end", line + b"\r" + line, f"{usable}: Extra data"),
            ("no key that is needed", line.replace(b'"user"', b'"usr"'), "`user` must be a non-empty id"),
            ("an empty object", b"{}", "`user` must be a non-empty id"),
            ("a whole number that is minus zero", made.harmed(item="-0"), "a whole number in its shortest form"),
        ):
            yield made.with_line(name, text, reason=reason)
        yield made.with_line("one more key", b'{"more": [{"a": {}}], ' + line[1:], record)
        yield made.with_line("keys in another order", made.line(dict(reversed(list(record.items())))), record)
        yield made.with_line("an escaped key and text", line.replace(b'"user": "u', b'"\\u0075ser": "\\u0075'), record)
        half, at = line.index(b'"time"'), made.at()
        halves = [Line(line[:half], reason=usable), Line(line[half:], reason=usable)]
        yield made.case("one object on two lines", [*lines[:at], *halves, *lines[at + 1 :]])
        cut = [*lines[:-1], Line(lines[-1].text[:-20], reason=usable)]
        yield made.case("cut within the last record", cut, open_end=True)
        other = [Line(each.text.replace(b'"rating"', b'"rated"'), each.record) for each in lines]
        yield made.case("a renamed key", other).fails(f"{made.file}: (unknown key 'rating'|no record has rating)")
        words = [Line(made.line(r, rating='"good"'), reason="`rating` must be a finite number") for r in made.records()]
        yield made.case("a key of words for numbers", words)
