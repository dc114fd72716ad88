"""Safety: a guard between any advisor and a plant, which checks, limits, falls back on rules, and writes down why."""

from apps.datacenter.safety.guard import Guarded
from apps.datacenter.safety.log import read_log
from apps.datacenter.safety.orders import OperatorFile, Orders
from apps.datacenter.safety.remote import RemoteAdvisor
from apps.datacenter.safety.settings import GuardSettings

__all__ = ["GuardSettings", "Guarded", "OperatorFile", "Orders", "RemoteAdvisor", "read_log"]
