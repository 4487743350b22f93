"""leadline bound: what metrics must stay within, and the operator's word on it."""

import getpass
from typing import Any

import click
from msgspec.structs import replace

from leadline.core.clock import system_clock
from leadline.core.errors import LeadlineError, Unavailable, Unreadable, UsageError
from leadline.core.settings import Settings, load_settings, shown
from leadline.events.codec import Codec
from leadline.events.ids import new_id
from leadline.events.kafka import opened, producer_config
from leadline.events.messages import to_message
from leadline.events.records import BoundDeclared, BoundSpec
from leadline.events.registry import RegistryClient
from leadline.events.validate import check_bound
from leadline.history.bounds import Bound, list_bounds
from leadline.history.connection import reading
from leadline.history.node import NodeRef, parse_exact

from .node import NODE_HELP, find
from .output import Column, json_option, number, or_nothing, print_json, print_table, safe

RUN_FAILED = BoundSpec(bound_id="leadline/run-failed", metric="run.succeeded", error_lower=1.0)
"""Every job has it without anybody declaring it."""
_LIMITS = ("warn_lower", "warn_upper", "error_lower", "error_upper")
_SEND_SECONDS = 10


@click.group("bound")
def command() -> None:
    """List the bounds of metrics, and set, pause or delete them as an operator: that wins over what code declares."""


@command.command("list")
@click.option("--node", default="", help="Only bounds of this node.")
@click.option("--all", "deleted", is_flag=True, help="Deleted ones too.")
@json_option
def list_(node: str, deleted: bool, as_json: bool) -> None:
    """List bounds. Where code and an operator both speak, the operator's counts and the code's is shown as overruled."""
    with reading(load_settings()) as client:
        found = list_bounds(client, node=find(client, node) if node else None, deleted=deleted)
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    or_nothing(found, "no bounds yet; code declares them with metric.bound(), you with `leadline bound set`")


def _print(bounds: list[Bound]) -> None:
    print_table(
        ["bound", "of", "metric", "warn", "error", Column("by", keep=True), Column("state", keep=True), "owner"],
        [
            (
                bound.bound_id,
                bound.ref.name,
                " ".join([bound.metric, *(f"{name}={value}" for name, value in sorted(bound.dims.items()))]),
                span(bound.warn_lower, bound.warn_upper),
                span(bound.error_lower, bound.error_upper),
                bound.origin.lower(),
                bound.state.lower() if bound.effective or bound.state != "ACTIVE" else "overruled",
                bound.owner,
            )
            for bound in bounds
        ],
    )


def span(lower: float | None, upper: float | None) -> str:
    """What is outside, such as "< 0.85" or "< 0 or > 1"."""
    sides = [f"{sign} {number(limit)}" for sign, limit in (("<", lower), (">", upper)) if limit is not None]
    return " or ".join(sides) or "-"


@command.command("set", help=f"Set, pause, resume or delete the bound BOUND_ID.\n\n{NODE_HELP}")
@click.argument("bound_id")
@click.option("--node", default="", help="What is measured; may be left out for a bound that exists.")
@click.option("--metric", help="Its metric; may be left out for a bound that exists.")
@click.option("--dim", "dims", multiple=True, metavar="NAME=VALUE", help="Only readings with this dimension.")
@click.option("--lower", type=float, help="Violated below it, with the --severity.")
@click.option("--upper", type=float, help="Violated above it, with the --severity.")
@click.option("--severity", type=click.Choice(["error", "warn"]), default="error", show_default=True)
@click.option("--warn-lower", type=float, help="Warn below it.")
@click.option("--warn-upper", type=float, help="Warn above it.")
@click.option("--error-lower", type=float, help="Error below it.")
@click.option("--error-upper", type=float, help="Error above it.")
@click.option("--owner", help="Who is called; else the owner of the node.")
@click.option("--message", help="What the paged person should know.")
@click.option("--runbook", "runbook_url", help="Address of the runbook.")
@click.option("--reason", default="", help="Why; kept in the history.")
@click.option("--pause", "state", flag_value="PAUSED", help="Judge nothing until it is resumed; open episodes are closed.")
@click.option("--resume", "state", flag_value="ACTIVE", default="ACTIVE", help="Judge again (the default).")
@click.option("--delete", "state", flag_value="DELETED", help="Withdraw the operator's word; what code declares counts again.")
@json_option
def set_(bound_id: str, node: str, reason: str, as_json: bool, **options: Any) -> None:
    settings = load_settings()
    existing = _existing(settings, bound_id, node)
    ref = existing.ref if existing else _node(settings, bound_id, node)
    spec = revised(bound_id, existing.spec if existing else None, **options)
    event = declaration(ref, spec, existing, reason=reason)
    _publish(settings, event)
    if as_json:
        print_json(event)
    else:
        click.echo(f"bound {safe(bound_id)} of {safe(str(ref))} is {spec.state.lower()} as version {event.version}")


def revised(bound_id: str, existing: BoundSpec | None, *, dims: tuple[str, ...] = (), **options: Any) -> BoundSpec:
    """The spec with what was given changed; limits are replaced together. Raises UsageError."""
    base = existing or (RUN_FAILED if bound_id == RUN_FAILED.bound_id else None)
    limits = _limits(options)
    if base is None and not options.get("metric"):
        raise UsageError(f"there is no bound {bound_id!r} yet; give --node, --metric and a limit such as --lower 0.85")
    spec = base or BoundSpec(bound_id=bound_id, metric=options["metric"])
    kept = {name: options[name] for name in ("metric", "owner", "message", "runbook_url", "state") if options.get(name)}
    if limits:
        kept |= dict.fromkeys(_LIMITS) | limits
    if dims:
        kept["dims"] = dict(_dimension(dim) for dim in dims)
    spec = replace(spec, **kept)
    try:
        check_bound(spec)
    except Unreadable as error:
        raise UsageError(str(error)) from error
    return spec


def _limits(options: dict[str, Any]) -> dict[str, float]:
    limits = {name: options[name] for name in _LIMITS if options.get(name) is not None}
    for side in ("lower", "upper"):
        if options.get(side) is not None:
            name = f"{options['severity']}_{side}"
            if name in limits:
                raise UsageError(f"--{side} and --{name.replace('_', '-')} say the same; give one of them")
            limits[name] = options[side]
    return limits


def _dimension(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--dim {text!r} must be NAME=VALUE")
    return name, value


def declaration(ref: NodeRef, spec: BoundSpec, existing: Bound | None, *, reason: str) -> BoundDeclared:
    """The operator's word, newer than any of before."""
    now = system_clock()
    return BoundDeclared(
        event_id=new_id(),
        event_time=now,
        producer="leadline.cli/1",
        source="cli",
        origin="OPERATOR",
        version=max(now, existing.version + 1 if existing else 0),
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        spec=spec,
        actor=getpass.getuser(),
        reason=reason,
    )


def _existing(settings: Settings, bound_id: str, node: str) -> Bound | None:
    """The bound as it is now; None where it is new. Without the store only an exact node and a metric are needed."""
    if not settings.clickhouse and node:
        return None
    with reading(settings) as client:
        ref = (parse_exact(node) or find(client, node)) if node else None
        found = list_bounds(client, bound_id=bound_id, node=ref, deleted=True)
    nodes = sorted({bound.ref for bound in found})
    if len(nodes) > 1:
        listed = "\n".join(f"  --node '{ref}'" for ref in nodes)
        raise UsageError(f"several nodes have a bound {bound_id!r}; name one of them:\n{listed}")
    return next((bound for bound in found if bound.effective), found[0] if found else None)


def _node(settings: Settings, bound_id: str, node: str) -> NodeRef:
    if not node:
        raise UsageError(f"there is no bound {bound_id!r} yet; give --node, --metric and a limit such as --lower 0.85")
    exact = parse_exact(node)
    if exact is not None:
        return exact
    with reading(settings) as client:
        return find(client, node)


def _publish(settings: Settings, event: BoundDeclared) -> None:
    """Returns when Kafka has it. Raises Unavailable, LeadlineError."""
    from confluent_kafka import Producer

    settings.require("kafka", "schema_registry")
    message = to_message(Codec(RegistryClient.of(settings)), event)
    errors: list[object] = []
    producer = opened(Producer, producer_config(settings, **{"message.timeout.ms": _SEND_SECONDS * 1000, "log_level": 0}))
    producer.produce(
        message.topic,
        key=message.key,
        value=message.value,
        headers=message.headers,
        on_delivery=lambda error, _: errors.append(error) if error else None,
    )
    if producer.flush(_SEND_SECONDS + 1):
        raise Unavailable(f"Kafka at {shown(settings.kafka)} did not take the bound within {_SEND_SECONDS} s; is the stack up?")
    if errors:
        raise LeadlineError(f"Kafka at {shown(settings.kafka)} did not take the bound: {errors[0]}; is the stack up?")
