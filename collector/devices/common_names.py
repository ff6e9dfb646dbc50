"""What the keys of payloads are commonly called, and the metric and unit that are mostly meant: a guess to begin with.

Nothing here has a part in reading messages. Whoever takes a guess over has to look at the vendor's page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from collector.profiles.vocabulary import Vocabulary


class Guess(NamedTuple):
    """`unit_named`: the key itself says it, as in `power_w`."""

    metric: str
    unit: str
    unit_named: bool


# Metric, the unit that most devices send, and the words of keys, in any order of capitals and separators.
_NAMES = {
    "active_power": (
        "W",
        (
            "power; active power; act power; total act power; apower; total power; power total; power active; "
            "watts; pwr; sum power; instantaneous power; power import"
        ),
    ),
    "reactive_power": ("var", "reactive power; power reactive; react power; q total; total reactive power"),
    "apparent_power": (
        "VA",
        "apparent power; power apparent; aprt power; total aprt power; s total; total apparent power",
    ),
    "power_factor": ("dimensionless", "power factor; pf; cos phi; cosphi; factor; powerfactor"),
    "energy_import": (
        "kWh",
        (
            "energy; total energy; energy total; energy import; import energy; imported energy; active energy; "
            "total act; total act energy; energy consumed; energy in; kwh; total import; import total; aenergy"
        ),
    ),
    "energy_export": (
        "kWh",
        (
            "energy export; export energy; exported energy; energy returned; returned energy; total act ret; "
            "total returned; energy out; produced energy; total export; export total"
        ),
    ),
    "voltage": ("V", "voltage; volt; volts; u"),
    "current": ("A", "current; amps; amperage; i; total current; current total"),
    "frequency": ("Hz", "frequency; freq; line frequency"),
    "temperature": (
        "degC",
        "temperature; temp; water temperature; water temp; liquid temperature; air temperature; temp water",
    ),
    "humidity": ("%", "humidity; relative humidity; rh; hum; air humidity"),
    "pressure": ("bar", "pressure; line pressure; water pressure"),
    "air_pressure": ("hPa", "air pressure; barometric pressure; barometer; atmospheric pressure; baro"),
    "ph": ("pH", "ph; ph value; acidity"),
    "conductivity": ("uS/cm", "conductivity; ec; electrical conductivity; cond"),
    "turbidity": ("NTU", "turbidity; turb; ntu"),
    "do": ("mg/L", "do; dissolved oxygen; oxygen dissolved; do concentration"),
    "do_saturation": ("%", "do saturation; oxygen saturation; dissolved oxygen saturation"),
    "orp": ("mV", "orp; redox; redox potential"),
    "cod": ("mg/L", "cod; chemical oxygen demand"),
    "bod": ("mg/L", "bod; bod5; biochemical oxygen demand"),
    "toc": ("mg/L", "toc; total organic carbon"),
    "tss": ("mg/L", "tss; suspended solids; total suspended solids; mlss"),
    "ammonia": ("mg/L", "ammonia; ammonium; nh4; nh4 n; nh3 n; nh3n; ammonia nitrogen"),
    "nitrate": ("mg/L", "nitrate; no3; no3 n"),
    "nitrite": ("mg/L", "nitrite; no2 n"),
    "phosphate": ("mg/L", "phosphate; po4; po4 p; orthophosphate"),
    "total_nitrogen": ("mg/L", "total nitrogen; tn"),
    "total_phosphorus": ("mg/L", "total phosphorus; tp"),
    "chlorine": ("mg/L", "chlorine; free chlorine; residual chlorine"),
    "salinity": ("g/L", "salinity"),
    "total_dissolved_solids": ("mg/L", "tds; total dissolved solids"),
    "flow": ("m3/h", "flow; flow rate; flowrate; water flow; volume flow; instantaneous flow"),
    "volume_total": (
        "m3",
        (
            "volume total; total volume; water total; total water; totalizer; totaliser; water; water "
            "consumption; water meter; total flow; cumulative flow; flow total; accumulated flow"
        ),
    ),
    "volume": ("m3", "volume; tank volume"),
    "gas_volume_total": ("m3", "gas; gas total; gas volume; gas meter; total gas; gas consumption"),
    "heat_total": ("kWh", "heat; heat energy; heat total; thermal energy; total heat"),
    "heat_power": ("kW", "heat power; thermal power"),
    "flow_temperature": ("degC", "flow temperature; supply temperature; forward temperature; flow temp; supply temp"),
    "return_temperature": ("degC", "return temperature; return temp"),
    "pulse_count": ("count", "pulse; pulses; pulse count; counter; pulse total; total pulses; water pulse; impulses"),
    "level": ("m", "level; water level; liquid level; tank level"),
    "fill_level": ("%", "fill level; fill; level percent; filling level; fill percent"),
    "distance": ("mm", "distance; ultrasonic distance; range"),
    "leak": ("dimensionless", "leak; water leak; leakage; leakage status; water leakage"),
    "carbon_dioxide": ("ppm_gas", "co2; carbon dioxide; eco2"),
    "pm1": ("ug/m3", "pm1; pm1 0; pm 1 0; pm01"),
    "pm2_5": ("ug/m3", "pm25; pm2 5; pm 2 5; pm02 5"),
    "pm4": ("ug/m3", "pm4; pm4 0; pm 4 0"),
    "pm10": ("ug/m3", "pm10; pm10 0; pm 10"),
    "noise_level": ("dBA", "noise; noise level; sound level; spl; la; laf; la inst"),
    "noise_equivalent": ("dBA", "laeq; leq; noise equivalent; la eq"),
    "noise_max": ("dBA", "lamax; lafmax; la max; noise max"),
    "noise_min": ("dBA", "lamin; lafmin; la min; noise min"),
    "wind_speed": ("m/s", "wind speed; windspeed; wind; wind avg"),
    "wind_gust": ("m/s", "wind gust; gust; windgust; wind max; gust speed"),
    "wind_direction": ("deg", "wind direction; wind dir; winddir"),
    "rain_total": ("mm", "rain total; rain; rainfall; rainfall total; precipitation; rain gauge"),
    "rain_rate": ("mm/h", "rain rate; rainrate; rain intensity"),
    "illuminance": ("lx", "illuminance; lux; illumination; light; light level"),
    "solar_radiation": ("W/m2", "solar radiation; irradiance; solar irradiance; global radiation"),
    "uv_index": ("dimensionless", "uv index; uv; uvi"),
    "battery": ("%", "battery; battery level; bat; battery percent; batt; soc"),
    "battery_voltage": ("V", "battery voltage; bat v; batv; vbat; voltage battery"),
    "signal_strength": ("dBm", "rssi; signal; signal strength; wifi rssi; lqi dbm"),
    "signal_to_noise": ("dB", "snr; lora snr; signal to noise"),
    "link_quality": ("dimensionless", "linkquality; link quality; lqi"),
    "uptime": ("s", "uptime; up time; uptime sec"),
    "device_temperature": (
        "degC",
        "device temperature; internal temperature; chip temperature; board temperature; cpu temperature",
    ),
    "switched_on": ("dimensionless", "output; relay; switch; switched on"),
}
_BY_NAME = {name.replace(" ", ""): metric for metric, (_, names) in _NAMES.items() for name in names.split(";")}
# Below a key that says what is measured.
_SAYS_NOTHING = frozenset({"", "value", "val", "v", "reading", "now", "actual", "raw", "measurement", "result", "data"})
_MOST_UNIT_WORDS = 3
# Words that say of nothing in particular that it is counted, and what is counted in a unit. m3 may be gas, too.
_TOTALS = frozenset({"total", "counter", "reading", "meter", "meterreading", "consumption", "index", "count"})
_TOTAL_OF = {"Wh": "energy_import", "kWh": "energy_import", "MWh": "energy_import", "L": "volume_total"}

# At the end of a key, as one word or as several: `energy_kwh`, `flow_m3_h`, `Temp_C`.
_UNITS = {
    "w": "W", "kw": "kW", "mw": "MW", "wh": "Wh", "kwh": "kWh", "mwh": "MWh", "va": "VA", "kva": "kVA", "var": "var",
    "kvar": "kvar", "v": "V", "mv": "mV", "a": "A", "ma": "mA", "hz": "Hz", "c": "degC", "degc": "degC",
    "celsius": "degC", "f": "degF", "degf": "degF", "k": "K", "pct": "%", "percent": "%", "bar": "bar", "mbar": "mbar",
    "hpa": "hPa", "kpa": "kPa", "pa": "Pa", "psi": "psi", "m3": "m3", "l": "L", "liter": "L", "litre": "L",
    "liters": "L", "litres": "L", "m3h": "m3/h", "lps": "L/s", "ls": "L/s", "lmin": "L/min", "lpm": "L/min",
    "lh": "L/h", "mgl": "mg/L", "mg": "mg/L", "ugl": "ug/L", "ppm": "ppm", "uscm": "uS/cm", "mscm": "mS/cm",
    "ntu": "NTU", "fnu": "FNU", "mm": "mm", "cm": "cm", "m": "m", "ms": "m/s", "kmh": "km/h", "mmh": "mm/h",
    "ugm3": "ug/m3", "mgm3": "mg/m3", "dba": "dBA", "db": "dBA", "dbm": "dBm", "lx": "lx", "lux": "lx", "wm2": "W/m2",
    "deg": "deg", "kg": "kg", "t": "t", "gj": "GJ", "mj": "MJ", "s": "s", "sec": "s", "ph": "pH",
}  # fmt: skip

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# `L1`, `phase_a`, and the letter alone at the beginning: `a_voltage`.
_PHASE = re.compile(r"(?:l|phase|ph)_?([123abc])")
_PHASE_FIRST = re.compile(r"([abc])_(?=[a-z])")
_LONGEST = 80


def guess(path: Sequence[str | int], vocabulary: Vocabulary) -> Guess | None:
    """What the value at this path is called in the vocabulary; None when its name says nothing to us."""
    names = [str(key) for key in path if isinstance(key, str) and len(key) <= _LONGEST]
    if not names:
        return None
    phase = next((found for name in reversed(names) if (found := _phase(name))), "")
    last = _words(names[-1])
    # A key such as `value` or `L1` says nothing: what is above it does, by itself or with it.
    above = _words(names[-2]) if len(names) > 1 else []
    for words in (last, [*above, *last], above if "".join(last) in _SAYS_NOTHING else []):
        if (known := _known(words, phase, vocabulary)) is not None:
            return known
    return None


def _known(words: list[str], phase: str, vocabulary: Vocabulary) -> Guess | None:
    for taken in range(min(_MOST_UNIT_WORDS, len(words) - 1) + 1):
        unit = _UNITS.get("".join(words[len(words) - taken :])) if taken else None
        if taken and unit is None:
            continue
        name = "".join(words[: len(words) - taken])
        if (metric := _total(name, unit) or _BY_NAME.get(name)) is None:
            continue
        usual = _NAMES[metric][0]
        metric = _of_phase(metric, phase, vocabulary)
        if metric and unit and vocabulary.conversion(metric, unit) is not None:
            return Guess(metric, unit, True)
        if metric and not taken:
            return Guess(metric, usual, False)
    return None


def _total(name: str, unit: str | None) -> str | None:
    """`total_kwh`, `counter_liters`: the unit tells of what."""
    return _TOTAL_OF.get(unit or "") if name in _TOTALS else None


def _words(name: str) -> list[str]:
    """`totalActPower_W` -> total, act, power, w; a phase is left out."""
    bare = _PHASE_FIRST.sub("", name) if _PHASE_FIRST.match(name) else name
    text = "_".join(word.lower() for word in _WORD.findall(bare))
    return [word for word in re.sub(rf"(?:^|_){_PHASE.pattern}(?=_|$)", "", text).split("_") if word]


def _phase(name: str) -> str:
    """`1`, `2` or `3`, or nothing."""
    text = "_".join(word.lower() for word in _WORD.findall(name))
    found = re.search(rf"(?:^|_){_PHASE.pattern}(?=_|$)", text) or _PHASE_FIRST.match(name)
    return str("123abc".index(found[1]) % 3 + 1) if found else ""


def _of_phase(metric: str, phase: str, vocabulary: Vocabulary) -> str:
    """Empty when the vocabulary has no such metric for one phase."""
    name = f"{metric}_l{phase}" if phase else metric
    return name if name in vocabulary.metrics else ""
