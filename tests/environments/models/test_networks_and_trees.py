"""Models of libraries that Leadline's own environment does not hold: XGBoost, Keras (on JAX) and PyTorch.

`python -m tests.environments models`, or in any environment that has requirements.txt of this folder and Leadline:
`python -m pytest -c /dev/null tests/environments/models`. Nothing is skipped: a test whose library is missing fails.
"""

import os

import numpy as np

from leadline.track.versions.describe import describe
from leadline.track.versions.models import model_library

os.environ["KERAS_BACKEND"] = "jax"
ROWS = np.random.default_rng(4).normal(size=(60, 2))
TARGET = (ROWS[:, 0] > 0).astype(int)


def test_xgboost_booster_and_estimator() -> None:
    """Parameters of a booster are those that it was trained with, by their place in its configuration."""
    import pandas as pd
    import xgboost

    frame = pd.DataFrame(ROWS, columns=["age", "tenure"])
    data = xgboost.DMatrix(frame, TARGET)
    booster = xgboost.train({"max_depth": 3, "eta": 0.3, "objective": "binary:logistic"}, data, 4)
    found = describe(booster)
    assert (found.class_name, found.format) == ("xgboost.core.Booster", f"xgboost/{xgboost.__version__}")
    assert (found.attributes["n_trees"], found.attributes["n_features"]) == ("4", "2")
    assert [(column.name, column.type) for column in found.columns] == [("age", "float"), ("tenure", "float")]
    assert "3" in {value for name, value in found.parameters.items() if name.endswith("max_depth")}
    fitted = describe(xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(frame, TARGET))
    assert (fitted.class_name, fitted.parameters["max_depth"]) == ("xgboost.sklearn.XGBClassifier", "2")
    assert (fitted.attributes["n_trees"], [column.name for column in fitted.columns]) == ("2", ["age", "tenure"])
    unfitted = describe(xgboost.XGBRegressor(max_depth=7))
    assert (unfitted.parameters["max_depth"], unfitted.columns) == ("7", [])
    assert model_library(data) == ""


def test_keras_model() -> None:
    """Inputs with their shapes, layers, the optimizer's settings, the size of the weights."""
    import keras

    model = keras.Sequential([keras.Input((2,), name="features"), keras.layers.Dense(8, name="wide"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    found = describe(model)
    assert found.format == f"keras/{keras.__version__}"
    assert found.class_name.endswith("Sequential")
    assert [(column.name, column.type) for column in found.columns] == [("features", "float32[?, 2]")]
    assert (found.attributes["n_parameters"], found.attributes["output_shape"]) == ("33", "[?, 1]")
    assert found.size_bytes == 33 * 4
    assert found.parameters["layer.wide"] == "Dense"
    assert (
        found.parameters["optimizer.learning_rate"].startswith("0.01")
        or "0.0099" in found.parameters["optimizer.learning_rate"]
    )
    unbuilt = describe(keras.Sequential([keras.layers.Dense(1)]))
    assert unbuilt.format == found.format


def test_torch_module() -> None:
    """A class of the job's own, with its tensors' shapes and its size with buffers."""
    import torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide = torch.nn.Linear(2, 8)
            self.norm = torch.nn.BatchNorm1d(8)
            self.wide.bias.requires_grad = False

    net = Net()
    found = describe(net)
    assert found.class_name.endswith("Net")
    assert found.format == f"torch/{torch.__version__}"
    assert (found.attributes["n_parameters"], found.attributes["n_trainable"]) == ("40", "32")
    assert found.parameters["shape.wide.weight"] == "float32[8, 2]"
    assert found.size_bytes == sum(tensor.nelement() * tensor.element_size() for tensor in net.state_dict().values())
    assert model_library(torch.zeros(3)) == model_library(torch.optim.SGD(net.parameters(), 0.1)) == ""
    assert describe(torch.jit.script(torch.nn.Linear(1, 1))).attributes["n_parameters"] == "2"
