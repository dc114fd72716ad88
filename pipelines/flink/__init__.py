"""Flink: its jars, a cluster on this machine, and the flags by which Beam's Flink runner works with it."""

from pipelines.flink.cluster import job_server, local_cluster
from pipelines.flink.flags import flink_flags
from pipelines.flink.jars import JARS, fetch, find_jars

__all__ = ["JARS", "fetch", "find_jars", "flink_flags", "job_server", "local_cluster"]
