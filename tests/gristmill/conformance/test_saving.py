"""What a checkpoint holds is all that a new object needs."""

from tests.gristmill.conformance.trained import Trained, check_same, config, told_by


def test_a_new_object_says_the_same(trained: Trained) -> None:
    made = trained.member.make(config(trained.estimator.model_dir, seed=2))
    check_same(told_by(trained.member, made), trained.told)


def test_the_checkpoint_is_named_by_its_step(trained: Trained) -> None:
    steps = sum(trained.member.steps)
    assert trained.estimator.latest_checkpoint() == f"{trained.estimator.model_dir}/model.ckpt-{steps}"
    assert trained.estimator.get_variable_value("global_step") == steps
