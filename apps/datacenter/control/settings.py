"""Settings of the dynamics and of planning: plain records, light to import."""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ClosedLoopConfig", "ControlConfig", "DynamicsConfig", "Range", "Switches"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Switches(_Config):
    """Where the plant's own controls change their ways, as its operator knows them; by default those of the two-zone models.

    What changes at a sharp edge is not learned from a few days that seldom cross it, unless the edge is told.
    """

    outdoor_c: tuple[float, ...] = (22.0, 23.0)
    """Outdoor temperatures: from the first an evaporative cooler works with water, up to the second an economizer opens."""
    dew_point_c: tuple[float, ...] = (13.5,)
    """Outdoor dew points: up to this an economizer opens."""
    wet_bulb_c: tuple[float, ...] = (24.0,)
    """Outdoor wet bulbs: up to this an evaporative cooler works with water."""


class DynamicsConfig(_Config):
    """The learned dynamics."""

    members: int = Field(8, ge=2)
    """Networks of the ensemble."""
    units: int = Field(48, ge=1)
    """Width of their two hidden layers."""
    epochs: int = Field(300, ge=1)
    batch: int = Field(64, ge=1)
    switches: Switches = Switches()
    learning_rate: float = Field(5e-3, gt=0)
    """Peak; a cosine leads it to 0."""


class Range(_Config):
    """Where a set-point may be, and how far it may go in a step."""

    low: float
    high: float
    rate: float = Field(gt=0)
    tries: tuple[float, ...]
    """Changes that planning tries, as shares of the rate from -1 to 1."""


_FINE = (-1.0, -0.5, -0.25, -0.125, -0.05, 0.0, 0.05, 0.125, 0.25, 0.5, 1.0)


class ControlConfig(_Config):
    """Planning: what it may do, how far it looks, what it weighs."""

    horizon: int = Field(3, ge=1)
    """Steps that are planned ahead; the set-points of the first are held over all."""
    supply_air_c: Range = Range(low=18.0, high=26.6, rate=2.0, tries=_FINE)
    """degC."""
    fan_flow_kg_s: Range = Range(low=1.85, high=4.0, rate=0.6, tries=(-1.0, -0.5, -0.15, 0.0, 0.15, 0.5, 1.0))
    """kg/s of each unit; by default from where the fans of the two-zone models use no less."""
    chilled_water_c: Range = Range(low=8.0, high=12.0, rate=1.0, tries=(-1.0, 0.0, 1.0))
    """degC."""
    zone_cooling_c: float = 40.0
    """Set-point of the zones, degC: so high that the planned flow alone decides."""
    zone_high_c: float = 45.0
    """Highest temperature of a zone, the hot side, degC."""
    outdoor_fall_c: float = Field(4.0, ge=0)
    """How far the outdoor temperature may fall in a step: the guard lets in no more outdoor air than is warm enough then."""
    outdoor_low_c: float = 18.5
    """Outdoor air is forced where it is warmer than this, degC: nothing heats the air that is too cold."""
    doubt: float = Field(1.5, ge=0)
    """Deviations, of the ensemble and of the noise together, that are kept from a limit."""
    power_doubt: float = Field(0.5, ge=0)
    """Deviations of the ensemble that are added to the power's cost."""
    utc_offset_hours: float = Field(0.0, ge=-14, le=14)
    """Local standard time less UTC, of telemetry; a plant's own telemetry says local time as if it were UTC."""
    margin_c: float = Field(0.15, ge=0)
    """Least distance of expected inlets from their limits, degC; what was found on validation data is added."""
    humidity_weight: float = Field(0.02, ge=0)
    """kWh that a step with humidity outside its limits is counted as."""
    growth: float = Field(1.3, ge=1)
    """How many times what the air gains on its way to the inlets may grow in a step, as where the load jumps: inlets are to
    stay inside even then. The guard holds to it too."""
    cold_weight: float = Field(0.01, ge=0)
    """kWh that a step with a degree colder supply air is counted as: what is not known to save is not done."""
    move_weight: float = Field(0.02, ge=0)
    """kWh that a change of a set-point is counted as, however small: plants answer to it by starting and stopping."""
    price: tuple[float, ...] = Field((1.0,) * 24, min_length=24, max_length=24)
    """Weight of the energy in each hour of the day: its price, or the carbon of its making."""


class ClosedLoopConfig(_Config):
    """The run of the plant that a policy and its peers are judged in; only where the dataset tells its plant."""

    start: str = "05-15"
    """First day, MM-DD."""
    days: int = Field(30, ge=1, le=365)
    weather: str | None = None
    """None takes the weather of the telemetry."""
    load: str | None = None
    """None takes the load of the telemetry."""
    workers: int = Field(2, ge=1)
    """Runs at a time."""
