"""Control: learns how a plant answers to its set-points, plans ahead, checks what it plans, and says what was saved."""

from apps.datacenter.control.advice import Advice, Advisor

__all__ = ["Advice", "Advisor"]
