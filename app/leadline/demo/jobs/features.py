"""Turns flights and weather into what the model is given when an aircraft leaves."""

import logging
from datetime import date

import lake
import numpy as np
import travel_days

from leadline import track

OWNER = "flight-features"
CARRIERS = ("AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV")
AIRPORTS = ("EWR", "JFK")
USUAL = {"wind_speed": 10.0, "visib": 10.0, "precip": 0.0, "humid": 60.0}

log = logging.getLogger("features")


def delay_feature(delay: np.ndarray) -> np.ndarray:
    """Minutes late at departure; beyond three hours it makes no difference."""
    return np.clip(delay, -20, 180)


def weather_of(flights: dict[str, np.ndarray], weather: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The weather at each flight's airport in the hour of its departure; the usual where none was measured."""
    hours = {
        (origin, hour): value for origin, hour, value in zip(weather["origin"], weather["hour"], weather[name], strict=True)
    }
    found = [hours.get(key, np.nan) for key in zip(flights["origin"], flights["hour"], strict=True)]
    return np.nan_to_num(np.asarray(found, "float32"), nan=USUAL[name])


def build(flights: dict[str, np.ndarray], weather: dict[str, np.ndarray], day: date) -> dict[str, np.ndarray]:
    left = ~np.isnan(flights["departure_delay"])
    flights = {name: values[left] for name, values in flights.items()}
    columns = {"flight": flights["flight"], "delay": delay_feature(flights["departure_delay"])}
    columns |= {"hour": flights["hour"], "distance": flights["distance"]}
    columns |= {name: weather_of(flights, weather, name) for name in USUAL}
    columns["holiday"] = np.full(left.sum(), travel_days.is_busy(day))
    columns |= {f"from_{airport}": flights["origin"] == airport for airport in AIRPORTS}
    columns |= {f"by_{carrier}": flights["carrier"] == carrier for carrier in CARRIERS}
    return {name: values if name == "flight" else np.asarray(values, "float32") for name, values in columns.items()}


def made_of(flights: track.Node, weather: track.Node) -> dict[str, list[track.Column]]:
    """Which columns each feature comes from."""
    made = {
        "delay": [track.column(flights, "departure_delay", "TRANSFORMATION")],
        "hour": [track.column(flights, "hour", "IDENTITY")],
        "distance": [track.column(flights, "distance", "IDENTITY")],
    }
    at = [track.column(flights, name, "JOIN") for name in ("origin", "hour")]
    made |= {name: [track.column(weather, name, "IDENTITY"), *at] for name in USUAL}
    made |= {f"from_{airport}": [track.column(flights, "origin", "CONDITIONAL")] for airport in AIRPORTS}
    return made | {f"by_{carrier}": [track.column(flights, "carrier", "CONDITIONAL")] for carrier in CARRIERS}


def main() -> None:
    args = lake.arguments(workers=2)
    track.owner(track.dataset(lake.LAKE, "features"), OWNER, on_call="#flight-features")
    track.owner(track.node("JOB", lake.JOBS, "features"), OWNER, on_call="#flight-features")
    for days in lake.batches(args):
        with lake.run("features", OWNER, args, days, workers=args.workers) as run:
            flights, weather = (lake.use(run, args.lake, name, days[-1]) for name in ("flights", "weather"))
            for day in days:
                tables = {name: lake.read(args.lake, name, day) for name in ("flights", "weather")}
                columns = build(tables["flights"], tables["weather"], day)
                version = lake.write(args.lake, "features", day, columns)
                log.info("%s: %d flights with %d features", day, len(columns["flight"]), len(columns) - 1)
            left = track.column(flights, "departure_delay", "FILTER")
            run.output(lake.LAKE, "features", version, columns=made_of(flights, weather), rows_by=left)


if __name__ == "__main__":
    main()
