"""Seeded tables that look like real ones: mixed columns, missing cells, curves and interactions, honest noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

Rng = np.random.Generator


def churn() -> pd.DataFrame:
    """Return 1,500 customers of a phone company, 27 % of whom left.

    Risk is highest for new customers and rises again when a contract of two years ends; calls to support matter
    where the contract can be ended each month; the price matters in relation to the use. About a tenth of the
    error is noise that no model removes.
    """
    rng, n = np.random.default_rng(20240607), 1500
    contract = rng.choice(["monthly", "one year", "two years"], n, p=[0.55, 0.25, 0.20])
    tenure = np.minimum(np.floor(rng.gamma(1.3, 20, n)) + 1, 72)
    plan = rng.choice(["basic", "plus", "premium"], n, p=[0.45, 0.35, 0.20])
    use = rng.gamma(2.0, np.select([plan == "basic", plan == "plus"], [4.0, 9.0], 18.0))
    charge = np.select([plan == "basic", plan == "plus"], [19.0, 34.0], 59.0) + rng.normal(0, 4, n)
    calls = rng.poisson(0.9 + 0.6 * (plan == "basic"))
    region = rng.choice(["north", "south", "east", "west", "centre", "islands"], n, p=[0.2, 0.2, 0.2, 0.2, 0.15, 0.05])
    payment = rng.choice(["card", "transfer", "direct debit", "cash"], n, p=[0.4, 0.25, 0.28, 0.07])
    inactive = np.round(rng.exponential(6 + 10 * (use < 4)))
    monthly = contract == "monthly"
    dear = charge / (use + 3)
    score = (
        -2.0
        + 1.6 * np.exp(-tenure / 8)
        + 1.1 * np.exp(-((tenure - 25) ** 2) / 18) * (contract == "two years")
        + monthly * (0.6 + 0.75 * np.minimum(calls, 4))
        + 0.9 * np.tanh((dear - 3.2) / 1.5)
        + 0.06 * np.minimum(inactive, 40)
        + 0.7 * (payment == "cash")
        - 0.5 * (region == "islands")
    )
    left = _bernoulli(rng, 1.9 * (score - 0.15))
    started = pd.Timestamp("2024-06-01") - pd.to_timedelta(np.asarray(tenure * 30.4, dtype=int), unit="D")
    frame = pd.DataFrame(
        {
            "customer_id": [f"C-{number:05d}" for number in rng.permutation(np.arange(10_000, 10_000 + n))],
            "signed_up": started.strftime("%Y-%m-%d"),
            "region": region,
            "contract": contract,
            "plan": plan,
            "payment": payment,
            "tenure_months": tenure.astype(int),
            "monthly_charge": np.round(charge, 2),
            "gigabytes_used": _some_missing(rng, np.round(use, 1), 0.06),
            "support_calls": calls,
            "days_inactive": _some_missing(rng, inactive, 0.04),
            "newsletter": rng.choice(["yes", "no"], n, p=[0.4, 0.6]),
            "churned": np.where(left, "yes", "no"),
        }
    )
    frame["payment"] = _some_missing(rng, frame["payment"].to_numpy(dtype=object), 0.03)
    return frame


def tickets() -> pd.DataFrame:
    """Return 1,400 support tickets for four teams: a few words of text, a channel, an hour."""
    rng, n = np.random.default_rng(7), 1400
    teams = {
        "billing": "invoice charged twice refund price payment card wrong amount discount receipt",
        "network": "slow connection drops router outage speed signal since yesterday no internet",
        "account": "password login locked email change name address cannot sign reset profile",
        "orders": "delivery late parcel missing broken device return exchange tracking number arrived",
    }
    filler = "hello please help my the is with again and still since today thank you urgent problem new"
    common = filler.split()
    names = list(teams)
    team = rng.choice(names, n, p=[0.35, 0.30, 0.20, 0.15])
    texts: list[str] = []
    for name in team:
        own = rng.choice(teams[str(name)].split(), rng.integers(1, 4))
        # One ticket in eight speaks of another team's matter.
        other = rng.choice(teams[str(rng.choice(names))].split(), 1 + 2 * int(rng.random() < 0.125))
        words = np.concatenate([own, other, rng.choice(common, rng.integers(3, 8))])
        texts.append(" ".join(rng.permutation(words)))
    night = team == "network"
    return pd.DataFrame(
        {
            "message": texts,
            "channel": np.where(rng.random(n) < 0.3 + 0.4 * (team == "orders"), "form", "chat"),
            "hour": (rng.normal(np.where(night, 20, 13), 4, n).round() % 24).astype(int),
            "customer_years": _some_missing(rng, np.round(rng.gamma(2, 2, n), 1), 0.05),
            "team": team,
        }
    )


def songs() -> pd.DataFrame:
    """Return 1,300 songs with five moods, of which several may fit; loudness and tempo work together."""
    rng, n = np.random.default_rng(11), 1300
    tempo = rng.normal(118, 27, n).clip(50, 210)
    loudness = rng.normal(-9, 4, n).clip(-30, -1)
    minor = rng.random(n) < 0.42
    strings = rng.beta(1.2, 2.5, n)
    genre = rng.choice(["pop", "rock", "jazz", "classical", "electronic"], n, p=[0.3, 0.25, 0.15, 0.15, 0.15])
    fast, loud = (tempo - 118) / 27, (loudness + 9) / 4
    moods = {
        "calm": -0.6 - 1.6 * fast - 1.2 * loud + 1.0 * (genre == "classical"),
        "happy": -0.7 + 0.9 * fast - 1.8 * minor + 1.6 * (np.abs(fast) < 0.7) + 0.5 * (genre == "pop"),
        "sad": -1.6 - 0.7 * fast + 1.9 * minor + 1.5 * strings,
        "energetic": -0.9 + 1.3 * fast + 1.2 * loud + 1.1 * fast * loud + 0.8 * (genre == "electronic"),
        "angry": -2.2 + 1.4 * loud * (genre == "rock") + 1.4 * minor * loud + 0.5 * fast,
    }
    table = {
        "tempo": np.round(tempo, 1),
        "loudness": np.round(loudness, 2),
        "key": np.where(minor, "minor", "major"),
        "strings": _some_missing(rng, np.round(strings, 3), 0.05),
        "genre": genre,
        "minutes": np.round(rng.gamma(9, 0.4, n), 2),
    }
    return pd.DataFrame({**table, **{mood: _bernoulli(rng, 1.6 * s).astype(int) for mood, s in moods.items()}})


def occupancy() -> pd.DataFrame:
    """Return 1,500 hotel nights and the share of rooms taken, some nights empty or full."""
    rng, n = np.random.default_rng(13), 1500
    day = np.sort(rng.integers(0, 730, n))
    date = pd.Timestamp("2022-01-01") + pd.to_timedelta(day, unit="D")
    stars = rng.integers(2, 6, n)
    price = np.round(np.exp(rng.normal(3.6 + 0.28 * stars, 0.25)), 2)
    distance = np.round(rng.exponential(3.0, n), 1)
    event = rng.random(n) < 0.08
    weekend = np.asarray(date.day_of_week) >= 4
    season = np.sin(2 * np.pi * (np.asarray(date.day_of_year) - 100) / 365)
    fair = price / np.exp(3.6 + 0.28 * stars)
    score = 0.5 + 1.1 * season + 0.7 * weekend - 1.5 * (fair - 1) - 0.18 * distance + 2.0 * event * (distance < 4)
    mean = 1 / (1 + np.exp(-score))
    share = rng.beta(9 * mean, 9 * (1 - mean))
    share = np.where(share > 0.985, 1.0, np.where(share < 0.01, 0.0, share))
    return pd.DataFrame(
        {
            "date": date.strftime("%Y-%m-%d"),
            "stars": stars,
            "room_price": price,
            "km_to_centre": _some_missing(rng, distance, 0.04),
            "event": np.where(event, "yes", "no"),
            "breakfast": rng.choice(["included", "extra"], n),
            "occupancy": np.round(share, 3),
        }
    )


def buildings() -> pd.DataFrame:
    """Return 1,300 buildings with the energy they need for heating and for cooling."""
    rng, n = np.random.default_rng(17), 1300
    floor = np.round(rng.uniform(60, 400, n))
    height = rng.choice([2.6, 3.0, 3.5], n)
    glass = np.round(rng.uniform(0.05, 0.5, n), 2)
    facing = rng.choice(["north", "east", "south", "west"], n)
    wall = rng.choice(["brick", "wood", "concrete"], n, p=[0.5, 0.2, 0.3])
    insulation = np.round(rng.gamma(4, 3.0, n), 1)
    year = rng.integers(1930, 2023, n)
    sun = np.select([facing == "north", facing == "south"], [0.5, 1.4], 1.0)
    leak = 1.1 / (1 + insulation / 8) + 0.4 * (wall == "concrete") + 0.006 * np.maximum(1990 - year, 0)
    volume = floor * height / 100
    heating = volume * (2.2 * leak + 2.5 * glass - 1.6 * glass * sun) + 2
    cooling = volume * (0.5 * leak + 4.2 * glass * sun) * (1 - 0.25 * (wall == "brick")) + 1
    noise = rng.normal(0, 0.08, (2, n))
    return pd.DataFrame(
        {
            "floor_area": floor,
            "ceiling_height": height,
            "glass_share": glass,
            "facing": facing,
            "wall": wall,
            "insulation_cm": _some_missing(rng, insulation, 0.05),
            "built": year,
            "heating_load": np.round(heating * np.exp(noise[0]), 2),
            "cooling_load": np.round(cooling * np.exp(noise[1]), 2),
        }
    )


def repairs() -> pd.DataFrame:
    """Return 1,500 repairs and their cost, which multiplies rather than adds up."""
    rng, n = np.random.default_rng(19), 1500
    kind = rng.choice(["phone", "laptop", "fridge", "car", "bicycle"], n, p=[0.3, 0.25, 0.15, 0.15, 0.15])
    base = np.select([kind == k for k in ("phone", "laptop", "fridge", "car")], [90.0, 160.0, 120.0, 420.0], 45.0)
    age = np.round(rng.gamma(2.0, 2.0, n), 1)
    damage = rng.choice(["screen", "motor", "battery", "water", "wear"], n)
    hours = np.round(rng.gamma(2.0, 0.9, n) + 0.25, 2)
    brand = rng.choice(["A", "B", "C", "D", "other"], n, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    warranty = rng.random(n) < np.where(age < 2, 0.6, 0.05)
    factor = (
        0.5 * np.log(hours + 0.5)
        + 0.6 * (damage == "water")
        + 0.5 * ((damage == "motor") & (kind == "car"))
        + 0.35 * (brand == "A")
        - 1.1 * warranty
        + 0.05 * np.minimum(age, 10) * (kind != "phone")
    )
    cost = base * np.exp(factor + rng.normal(0, 0.22, n))
    return pd.DataFrame(
        {
            "device": kind,
            "brand": _some_missing(rng, brand.astype(object), 0.05),
            "age_years": _some_missing(rng, age, 0.06),
            "damage": damage,
            "labour_hours": hours,
            "under_warranty": np.where(warranty, "yes", "no"),
            "cost": np.round(cost, 2),
        }
    )


def rentals() -> pd.DataFrame:
    """Return 2,000 hours of a bicycle rental: two rush hours on working days, one bulge at weekends, weather."""
    rng, n = np.random.default_rng(23), 2000
    hour_number = np.sort(rng.choice(365 * 24, n, replace=False))
    moment = pd.Timestamp("2023-01-01") + pd.to_timedelta(hour_number, unit="h")
    hour = np.asarray(moment.hour)
    weekend = np.asarray(moment.day_of_week) >= 5
    warm = 12 - 11 * np.cos(2 * np.pi * (np.asarray(moment.day_of_year) - 20) / 365)
    temperature = warm + 4 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.normal(0, 3, n)
    rain = rng.random(n) < 0.16
    wind = rng.gamma(3, 4, n)
    rush = np.exp(-((hour - 8) ** 2) / 3) + 1.2 * np.exp(-((hour - 17.5) ** 2) / 5)
    leisure = 0.9 * np.exp(-((hour - 14) ** 2) / 18)
    log_rate = (
        1.0
        + 2.6 * np.where(weekend, leisure, rush + 0.4 * leisure)
        + 1.1 * np.sin((temperature.clip(-5, 33) + 5) / 38 * np.pi / 1.3)
        - 0.9 * rain
        - 0.02 * wind
    )
    rate = np.exp(log_rate) * rng.gamma(12, 1 / 12, n)
    return pd.DataFrame(
        {
            "time": moment.strftime("%Y-%m-%d %H:%M"),
            "temperature": _some_missing(rng, np.round(temperature, 1), 0.03),
            "wind": np.round(wind, 1),
            "weather": np.where(rain, "rain", rng.choice(["clear", "cloudy"], n)),
            "holiday": np.where(rng.random(n) < 0.03, "yes", "no"),
            "rentals": rng.poisson(rate),
        }
    )


def _bernoulli(rng: Rng, log_odds: np.ndarray) -> np.ndarray:
    """Return draws of True with these log-odds."""
    return rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))


def _some_missing(rng: Rng, values: np.ndarray, share: float) -> np.ndarray:
    """Return the values with a share of them gone: None among words, NaN among numbers."""
    gone = rng.random(len(values)) < share
    values = values.astype(object if values.dtype == object else float)
    values[gone] = None if values.dtype == object else np.nan
    return values
