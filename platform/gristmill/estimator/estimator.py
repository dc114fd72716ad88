"""The estimator: trains, evaluates, predicts and exports the model that a function describes, from and to a folder."""

import copy
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gristmill.estimator.demands import told
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.evaluating import evaluated
from gristmill.estimator.exporting import exported
from gristmill.estimator.function import ModelFunction
from gristmill.estimator.hooks import SessionRunHook, check_hooks
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.inputs import InputFn, batches_asked, batches_of, training_source
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.observing import HookObserver
from gristmill.estimator.predicting import predicted
from gristmill.estimator.provenance import fill_from, noted_words, notes_of
from gristmill.estimator.replicas import Server, distribution_of, grouped
from gristmill.estimator.restore import newest, read_names, read_value
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.served_step import ServedStep
from gristmill.estimator.session import ModelSession
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.standard_hooks import standard_hooks
from gristmill.estimator.stepping import GraphStep
from gristmill.estimator.summaries import write_evaluation
from gristmill.estimator.tracing import Trace
from gristmill.estimator.variables import GLOBAL_STEP
from gristmill.estimator.warm_start import WarmStartSettings, warm_start
from gristmill.training import Checkpoints, train
from gristmill.training.distribution import ParameterServer
from gristmill.training.spread import Distribution

__all__ = ["Estimator"]

_log = logging.getLogger("gristmill")


class Estimator:
    """A model as a function of features, labels and mode, and the folder that its checkpoints stand in.

    Each call of `train`, `evaluate` and `predict` calls the model function anew and fills its variables, by their names,
    from the newest checkpoint in the folder.

    Args:
        model_fn: Takes `features` and may take `labels`, `mode`, `params` and `config`; gives an `EstimatorSpec`. Its
            tensors are symbolic: it is traced once a call, and what it does is then done once a step, in its order. Keras
            layers, `gristmill.layers`, `tf.Variable`, Keras optimizers and metrics may be made in it.
        model_dir: The folder; None takes the one of `config`, or makes a temporary one.
        config: How to run.
        params: Handed to the model function.
        warm_start_from: A checkpoint, its folder, or `WarmStartSettings`: first values where the folder has no checkpoint.

    Raises:
        ArgumentError: An argument of the model function is not known, or `model_dir` and `config` name two folders.
    """

    def __init__(
        self,
        model_fn: Callable[..., EstimatorSpec],
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        params: Mapping[str, Any] | None = None,
        warm_start_from: str | WarmStartSettings | None = None,
    ) -> None:
        self._config = _configured(model_dir, config)
        self._distribution = distribution_of(self._config.train_distribute, self._config.global_id_in_cluster or 0)
        self._function = ModelFunction(model_fn, params)
        self._warm_start = WarmStartSettings.of(warm_start_from)
        keep, hours = self._config.keep_checkpoint_max or None, self._config.keep_checkpoint_every_n_hours
        self._checkpoints = Checkpoints(Path(self.model_dir), keep, hours)

    @property
    def model_dir(self) -> str:
        """The folder of checkpoints and events."""
        return str(self._config.model_dir)

    @property
    def config(self) -> RunConfig:
        """How it runs."""
        return copy.deepcopy(self._config)

    @property
    def params(self) -> dict[str, Any]:
        """What the model function gets as `params`."""
        return copy.deepcopy(self._function.params)

    @property
    def model_fn(self) -> Callable[..., EstimatorSpec]:
        """The model function as `(features, labels, mode, config)`."""

        def public(features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
            return self._function(features, labels, mode, config)

        return public

    def with_function(self, model_fn: Callable[..., EstimatorSpec]) -> "Estimator":
        """The same estimator, in the same folder, with another model function: `(features, labels, mode, config)`."""
        made = copy.copy(self)
        made._function = ModelFunction(model_fn, None)
        return made

    def train(
        self,
        input_fn: InputFn,
        hooks: Sequence[SessionRunHook] | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Sequence[Any] | None = None,
    ) -> "Estimator":
        """Trains from the newest checkpoint on, and saves one at the end.

        Where the config says `parameter-server`, the chief trains; another process of the cluster serves it until the
        newest checkpoint has reached `max_steps`, and without that for ever.

        Args:
            input_fn: Gives the batches; see `gristmill.estimator.inputs.InputFn`.
            hooks: Called around the steps.
            steps: Steps to do; None for all batches. Where these end before, training ends, which is told.
            max_steps: The global step to end at; where it is reached already, nothing is done.
            saving_listeners: Hear of checkpoints.

        Raises:
            ArgumentError: Both or a bad number of steps are given, there is no batch, or the folder holds another model.
            NanLossDuringTrainingError: The loss is not finite.
        """
        if steps is not None and max_steps is not None:
            raise ArgumentError(
                f"one of steps and max_steps may be given. Received: steps={steps}, max_steps={max_steps}"
            )
        _check_positive("steps", steps)
        _check_positive("max_steps", max_steps)
        check_hooks(hooks)
        shared = self._distribution
        if isinstance(shared, Server):
            shared.serve(lambda: max_steps is not None and self._step_so_far() >= max_steps)
            return self
        start = int(shared.share(self._step_so_far))
        if max_steps is not None:
            if start >= max_steps:
                _log.info(
                    "nothing to train: max_steps is %d, and the newest checkpoint is of step %d", max_steps, start
                )
                return self
            steps = max_steps - start
        source = training_source(input_fn, self._known(ModeKeys.TRAIN), start, lambda one: grouped(one, shared))
        with shared.scope():
            trace = self._trace(source.structure, ModeKeys.TRAIN, shared)
        self._fill(trace, None)
        shared.same(trace.variables)
        shared.restored(list(trace.variables.values()))
        if isinstance(shared, ParameterServer):
            step: GraphStep = ServedStep(trace, shared)
        else:
            step = GraphStep(trace, distribution=shared)
        session = ModelSession(trace, lambda: step.last_loss, lambda number: self._save(trace, number))
        own: list[SessionRunHook] = [*(hooks or ()), *trace.spec.training_hooks]
        if self._config.is_chief:
            own += trace.spec.training_chief_hooks
        every = standard_hooks(own, self._config, saving_listeners or (), writes=shared.is_chief)
        observer = HookObserver(HookRunner(every, session), step, session, self.latest_checkpoint, steps)
        loop: Any = train
        with told(), batches_asked(lambda: step.last_loss is not None):
            done = loop(
                step,
                lambda epoch, batch: source.give(epoch),
                epochs=source.epochs or sys.maxsize,
                steps_per_epoch=None,
                observers=[observer],
            )
        step.leave()
        if steps is not None and done.steps < steps and not observer.stopped:
            _log.warning(
                "input_fn ended before all steps were done: steps=%d were asked for, %d were done", steps, done.steps
            )
        _log.info("Loss for final step: %s.", step.last_loss)
        return self

    def evaluate(
        self,
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """The metrics on the batches, with `loss`, their mean, and `global_step`; also written as events.

        Args:
            input_fn: Gives the batches.
            steps: Batches to take; None for all.
            hooks: Called around the batches.
            checkpoint_path: Whose weights to take; None for the newest.
            name: Of the folder of events, `eval_NAME`; None for `eval`.

        Raises:
            ArgumentError: There is no batch, or the checkpoint is another model's.
        """
        return self._evaluate(input_fn, steps, hooks, lambda trace: self._fill(trace, checkpoint_path), name)

    def evaluate_values(
        self,
        values: Mapping[str, Any],
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """The same with weights that stand in memory.

        Args:
            values: Arrays or variables by the names of `get_variable_names`.
            input_fn: Gives the batches.
            steps: Batches to take; None for all.
            hooks: Called around the batches.
            name: Of the folder of events.
        """

        def fill(trace: Trace) -> None:
            for key, variable in trace.variables.items():
                variable.assign(values[key])

        return self._evaluate(input_fn, steps, hooks, fill, name)

    def _evaluate(
        self,
        input_fn: InputFn,
        steps: int | None,
        hooks: Sequence[SessionRunHook] | None,
        fill: Callable[[Trace], None],
        name: str | None,
    ) -> dict[str, Any]:
        _check_positive("steps", steps)
        check_hooks(hooks)
        batches = batches_of(input_fn, self._known(ModeKeys.EVAL))
        trace = self._traced(batches, ModeKeys.EVAL)
        fill(trace)
        session = ModelSession(trace)
        runner = HookRunner([*(hooks or ()), *trace.spec.evaluation_hooks], session)
        runner.begin()
        runner.created()
        found = evaluated(trace, batches if steps is None else batches.take(steps), runner, session.resolve)
        runner.end()
        _log.info("evaluation at step %d: %s", found[GLOBAL_STEP], found)
        write_evaluation(self.eval_dir(name), found)
        return found

    def predict(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """Yields the predictions, one example after the other; nothing is done before the first is asked for.

        Args:
            input_fn: Gives batches of features; labels are passed over.
            predict_keys: Which of the predictions to give; None for all.
            hooks: Called around the batches.
            checkpoint_path: Whose weights to take; None for the newest.
            yield_single_examples: False yields whole batches.

        Raises:
            ArgumentError: A key is not among the predictions, or the checkpoint is another model's.
        """
        check_hooks(hooks)
        batches = batches_of(input_fn, self._known(ModeKeys.PREDICT)).map(lambda *parts: (parts[0],))
        trace = self._traced(batches, ModeKeys.PREDICT)
        self._fill(trace, checkpoint_path)
        session = ModelSession(trace)
        runner = HookRunner([*(hooks or ()), *trace.spec.prediction_hooks], session)
        runner.begin()
        runner.created()
        yield from predicted(trace, batches, runner, session, predict_keys, yield_single_examples)
        runner.end()

    def export_saved_model(
        self,
        export_dir_base: str | Path,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
    ) -> bytes:
        """Writes a SavedModel for serving, which TensorFlow alone runs, into a new folder `BASE/SECONDS`; gives the folder.

        Args:
            export_dir_base: The folder of all exports.
            serving_input_receiver_fn: Gives a `ServingInputReceiver`.
            assets_extra: File to copy, by its path below `assets.extra`.
            as_text: Whether the graph is written as text.
            checkpoint_path: Whose weights to take; None for the newest.
            experimental_mode: The mode of the model function.

        Raises:
            ArgumentError: There is no checkpoint, or the receiver is none.
        """
        given = {experimental_mode: serving_input_receiver_fn}
        return self.experimental_export_all_saved_models(export_dir_base, given, assets_extra, as_text, checkpoint_path)

    def experimental_export_all_saved_models(
        self,
        export_dir_base: str | Path,
        input_receiver_fn_map: Mapping[str, Callable[[], Any]],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
    ) -> bytes:
        """Writes several modes into one SavedModel: `eval` and `train` are signatures beside those for serving.

        Args:
            export_dir_base: The folder of all exports.
            input_receiver_fn_map: By mode, what gives a receiver.
            assets_extra: File to copy, by its path below `assets.extra`.
            as_text: Whether the graph is written as text.
            checkpoint_path: Whose weights to take; None for the newest.

        Raises:
            ArgumentError: There is no checkpoint, or a receiver is none.
        """
        prefix = checkpoint_path or self._newest()
        return exported(
            self._function,
            self._config,
            input_receiver_fn_map,
            export_dir_base,
            lambda variables, graph: fill_from(prefix, variables, graph, training=False),
            {"assets_extra": assets_extra, "as_text": as_text},
        )

    def latest_checkpoint(self) -> str | None:
        """The name of the newest checkpoint, without `.index`; None where there is none.

        Raises:
            ArgumentError: `model_dir` is a file.
            IntegrityError: The file `checkpoint` in the folder names none that is there.
        """
        return newest(self.model_dir)

    def get_variable_names(self) -> list[str]:
        """The names of what the newest checkpoint holds.

        Raises:
            ArgumentError: There is none.
        """
        return list(read_names(self._newest()))

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the newest checkpoint, as an array.

        Raises:
            ArgumentError: There is no checkpoint, or no such variable in it.
        """
        names = read_names(self._newest())
        if name not in names:
            raise ArgumentError(f"a variable must be one of {', '.join(names)}. Received: {name!r}")
        return read_value(self._newest(), name)

    def eval_dir(self, name: str | None = None) -> str:
        """The folder of an evaluation's events."""
        return str(Path(self.model_dir) / (f"eval_{name}" if name else "eval"))

    def _newest(self) -> str:
        found = self.latest_checkpoint()
        if found is None:
            raise ArgumentError(f"the folder must hold a checkpoint: train first. Received: {self.model_dir}, without")
        return found

    def _known(self, mode: str) -> dict[str, Any]:
        """What an input function may take."""
        context = self._distribution.input_context() if mode == ModeKeys.TRAIN else None
        return {"mode": mode, "params": self.params, "config": self.config, "input_context": context}

    def _step_so_far(self) -> int:
        found = self.latest_checkpoint()
        return 0 if found is None else int(read_value(found, GLOBAL_STEP))

    def _traced(self, batches: Any, mode: str) -> Trace:
        return self._trace(batches.element_spec, mode)

    def _trace(self, structure: tuple[Any, ...], mode: str, distribution: Distribution | None = None) -> Trace:
        """The model function, traced for batches of a structure."""

        def model(features: Any, labels: Any) -> EstimatorSpec:
            return self._function(features, labels, mode, self._config)

        return Trace(model, structure, mode, self._config.tf_random_seed, distribution)

    def _fill(self, trace: Trace, checkpoint_path: str | None) -> None:
        """Puts in the values of a checkpoint, or else those to start from."""
        found = checkpoint_path or self.latest_checkpoint()
        if found is not None:
            fill_from(str(found), trace.variables, trace.graph, trace.spec.mode == ModeKeys.TRAIN)
        elif self._warm_start is not None:
            warm_start(self._warm_start, trace.variables)
        elif trace.spec.mode != ModeKeys.TRAIN:
            _log.warning("no checkpoint in %s: the weights are first values", self.model_dir)

    def _save(self, trace: Trace, step: int) -> str:
        return self._checkpoints.save(step, trace.variables, notes_of(trace.variables, noted_words(trace.graph)))


def _configured(model_dir: str | Path | None, config: RunConfig | None) -> RunConfig:
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise ArgumentError(f"config must be a RunConfig. Received: {config!r}")
    own = str(model_dir) if model_dir is not None else None
    if own is not None and config.model_dir is not None and own != config.model_dir:
        raise ArgumentError(f"model_dir and config.model_dir must be the same. Received: {own}, {config.model_dir}")
    found = own or config.model_dir
    if found is None:
        found = tempfile.mkdtemp(prefix="gristmill-")
        _log.warning("no model_dir is given: a temporary one is used, %s", found)
    return config.replace(model_dir=found)


def _check_positive(name: str, steps: int | None) -> None:
    if steps is not None and steps <= 0:
        raise ArgumentError(f"{name} must be more than 0. Received: {steps}")
