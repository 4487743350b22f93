"""Model objects: class, library, parameters, inputs, size. Read from what they say of themselves; nothing is imported."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leadline.events.records import ColumnProfile

from .description import Description, class_of, library_of
from .schema import MAX_COLUMNS, schema_hash
from .values import to_bounded_text

LIBRARIES = ("lightgbm", "xgboost", "keras", "torch", "sklearn")
MAX_PARAMETERS = 200
MAX_SHAPES = 50
"""Of the tensors of a network."""


def model_library(data: object) -> str:
    """The library of a model object; empty where it is none that is known. A class of the job's own counts by its base."""
    library = library_of(data, LIBRARIES)
    return library if library and any(hasattr(type(data), name) for name in _MARKS[library]) else ""


def describe_model(data: Any, library: str) -> Description:
    """What one part of a model fails to tell is left out, the others are told."""
    kind = class_of(data)
    found: dict[str, Any] = {}
    for part in (*_PARTS[library], _sklearn_parameters):
        with contextlib.suppress(Exception):
            for field, value in part(data).items():
                found.setdefault(field, value)
    inputs = [(str(name), str(type_)) for name, type_ in found.pop("inputs", ())]
    columns = [ColumnProfile(name=name, type=type_) for name, type_ in inputs[:MAX_COLUMNS] if name]
    parameters = dict(list(found.pop("parameters", {}).items())[:MAX_PARAMETERS])
    version = getattr(sys.modules.get(library), "__version__", "")
    return Description(
        format=f"{library}/{version}" if version else library,
        class_name=kind,
        columns=columns,
        schema_version=schema_hash(inputs) if inputs else "",
        parameters={str(name): to_bounded_text(value) for name, value in parameters.items()},
        size_bytes=found.pop("size_bytes", None),
        attributes={name: to_bounded_text(value) for name, value in found.items() if value is not None},
    )


def _sklearn_parameters(model: Any) -> dict[str, Any]:
    return {"parameters": {name: value for name, value in model.get_params().items() if value is not None}}


def _sklearn_inputs(model: Any) -> dict[str, Any]:
    names = getattr(model, "feature_names_in_", None)
    number = getattr(model, "n_features_in_", None)
    classes = getattr(model, "classes_", None)
    told = {"n_features": number, "n_classes": None if classes is None else len(classes)}
    return {**told, **({} if names is None else {"inputs": _untyped(names)})}


def _lightgbm(model: Any) -> dict[str, Any]:
    booster = getattr(model, "booster_", model)
    return {
        "inputs": _untyped(booster.feature_name()),
        "n_features": booster.num_feature(),
        "n_trees": booster.num_trees(),
        "parameters": dict(booster.params),
        "best_iteration": booster.best_iteration if booster.best_iteration > 0 else None,
    }


def _xgboost(model: Any) -> dict[str, Any]:
    import json

    booster = model.get_booster() if hasattr(model, "get_booster") else model
    names, types = booster.feature_names, booster.feature_types
    told = {"n_features": booster.num_features(), "n_trees": booster.num_boosted_rounds()}
    if names:
        told["inputs"] = list(zip(names, types or [""] * len(names), strict=False))
    if booster is model:
        told["parameters"] = _leaves(json.loads(booster.save_config())["learner"])
    return told


def _keras(model: Any) -> dict[str, Any]:
    inputs = [(tensor.name, f"{_dtype(tensor.dtype)}{_shape(tensor.shape)}") for tensor in model.inputs or ()]
    optimizer = getattr(model, "optimizer", None)
    return {
        "inputs": inputs,
        "output_shape": _shape(getattr(model, "output_shape", None) or ()),
        "n_parameters": model.count_params(),
        "size_bytes": sum(_size(weight.shape) * _bytes(weight.dtype) for weight in model.weights),
        "parameters": {
            **{f"layer.{layer.name}": type(layer).__name__ for layer in model.layers},
            **({f"optimizer.{name}": value for name, value in optimizer.get_config().items()} if optimizer else {}),
        },
    }


def _torch(model: Any) -> dict[str, Any]:
    tensors = dict(model.named_parameters())
    stored = [*tensors.values(), *model.buffers()]
    shapes = {f"shape.{name}": f"{_dtype(tensor.dtype)}{_shape(tensor.shape)}" for name, tensor in tensors.items()}
    return {
        "n_parameters": sum(tensor.numel() for tensor in tensors.values()),
        "n_trainable": sum(tensor.numel() for tensor in tensors.values() if tensor.requires_grad),
        "size_bytes": sum(tensor.numel() * tensor.element_size() for tensor in stored),
        "parameters": dict(list(shapes.items())[:MAX_SHAPES]),
    }


_PARTS: Mapping[str, tuple[Callable[[Any], dict[str, Any]], ...]] = {
    "sklearn": (_sklearn_inputs,),
    "lightgbm": (_sklearn_parameters, _lightgbm, _sklearn_inputs),
    "xgboost": (_sklearn_parameters, _xgboost, _sklearn_inputs),
    "keras": (_keras,),
    "torch": (_torch,),
}
_MARKS: Mapping[str, tuple[str, ...]] = {
    "sklearn": ("get_params",),
    "lightgbm": ("num_trees", "booster_"),
    "xgboost": ("save_config", "get_params"),
    "keras": ("count_params",),
    "torch": ("named_parameters",),
}
"""What the class of a model has, and that of whatever else its library makes, such as a dataset, has not."""


def _untyped(names: Iterable[object]) -> list[tuple[str, str]]:
    return [(str(name), "") for name in names]


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """XGBoost's configuration is nested: {"gradient_booster": {"tree_train_param": {"max_depth": "6"}}}."""
    found: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= _leaves(value, f"{prefix}{name}.")
        elif isinstance(value, str):
            found[f"{prefix}{name}"] = value
    return found


def _dtype(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


def _shape(shape: Iterable[object]) -> str:
    return f"[{', '.join('?' if length is None else str(length) for length in shape)}]"


def _size(shape: Iterable[int]) -> int:
    size = 1
    for length in shape:
        size *= int(length)
    return size


def _bytes(dtype: object) -> int:
    """Of one number; its type's name ends with its bits."""
    bits = "".join(sign for sign in str(dtype) if sign.isdigit())
    return max(1, int(bits or 8) // 8)
