"""Models describe themselves. Those of PyTorch, Keras and XGBoost: tests/environments/models."""

import subprocess
import sys
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from leadline.track.versions.describe import describe
from leadline.track.versions.models import MAX_PARAMETERS, model_library
from leadline.track.versions.values import to_bounded_text

FRAME = pd.DataFrame({"age": np.arange(40.0), "tenure": np.arange(40.0) % 7})
TARGET = np.arange(40) % 2


class Constant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # has no types
    """A job's own estimator."""

    def __init__(self, value: int = 0, weights: Any = None) -> None:
        self.value = value
        self.weights = weights


def test_a_fitted_estimator_tells_class_parameters_and_inputs() -> None:
    import sklearn

    found = describe(make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(FRAME, TARGET))
    assert (found.class_name, found.format) == ("sklearn.pipeline.Pipeline", f"sklearn/{sklearn.__version__}")
    assert found.parameters["logisticregression__C"] == "0.5"
    assert [(column.name, column.type) for column in found.columns] == [("age", ""), ("tenure", "")]
    assert found.schema_version
    assert (found.attributes["n_features"], found.attributes["n_classes"]) == ("2", "2")
    assert (found.version, found.rows, found.size_bytes) == ("", None, None)


def test_what_is_not_fitted_tells_what_it_will_do() -> None:
    """Also one of the job's own class."""
    found = describe(Constant(3))
    assert found.class_name.endswith("test_models.Constant")
    assert found.format.startswith("sklearn/")
    assert (found.parameters, found.columns, found.schema_version) == ({"value": "3"}, [], "")
    assert describe(RandomForestClassifier(max_depth=4)).parameters["max_depth"] == "4"
    search = describe(GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]})).parameters
    assert (search["estimator"], search["param_grid"]) == (
        "sklearn.linear_model._logistic.LogisticRegression",
        '{"C": [0.1, 1.0]}',
    )


def test_lightgbm_tells_trees_and_inputs() -> None:
    data = lightgbm.Dataset(FRAME, TARGET)
    booster = lightgbm.train({"objective": "binary", "num_leaves": 3, "verbose": -1, "min_data_in_leaf": 2}, data, 5)
    fitted = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=2).fit(FRAME, TARGET)
    for model, trees, name, value in ((booster, "5", "num_leaves", "3"), (fitted, "3", "n_estimators", "3")):
        found = describe(model)
        assert found.format == f"lightgbm/{lightgbm.__version__}"
        assert (found.attributes["n_trees"], found.attributes["n_features"]) == (trees, "2")
        assert found.parameters[name] == value
        assert [column.name for column in found.columns] == ["age", "tenure"]
    assert describe(lightgbm.LGBMRegressor(n_estimators=7)).parameters["n_estimators"] == "7"
    assert model_library(data) == ""


def test_parameters_are_bounded() -> None:
    """However many and however large; foreign objects are named, not shown."""

    class Many(BaseEstimator):  # type: ignore[misc]  # has no types
        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {f"p{number}": "x" * 5_000 for number in range(500)}

    found = describe(Many())
    assert len(found.parameters) == MAX_PARAMETERS
    assert found.parameters["p0"].endswith(" ... 5000 characters")
    assert describe(Constant(weights=FRAME)).parameters["weights"] == "pandas.DataFrame[40, 2]"
    assert describe(Constant(weights=np.float32(0.5))).parameters["weights"] == "0.5"


def test_a_model_that_fails_to_tell_does_not_fail_the_rest() -> None:
    class Broken(BaseEstimator):  # type: ignore[misc]  # has no types
        n_features_in_ = 3

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            raise RuntimeError("no")

    found = describe(Broken())
    assert (found.parameters, found.attributes) == ({}, {"n_features": "3"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0.1, "0.1"),
        (np.int64(3), "3"),
        (np.float64(0.5), "0.5"),
        ("text", "text"),
        ([1, [2, [3, [4]]]], '[1, [2, [3, "builtins.list"]]]'),
        ({"a": np.zeros((2, 3))}, '{"a": "numpy.ndarray[2, 3]"}'),
        (len, "builtins.len"),
        (int, "builtins.int"),
        (range(3), "builtins.range"),
    ],
)
def test_any_value_is_a_short_text(value: object, text: str) -> None:
    assert to_bounded_text(value) == text


def test_nothing_is_imported_to_describe_a_model() -> None:
    """The job's own library is what there is; no other is looked for."""
    script = """
import sys
from leadline.track.versions.describe import describe
class Module: __module__ = "torch.nn"
describe(Module())
others = "torch keras xgboost lightgbm sklearn deltalake pyiceberg boto3 fsspec pandas"
print([name for name in others.split() if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
