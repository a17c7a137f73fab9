"""Schedules: the monthly refresh. It is off until a person turns it on in Dagster."""

import dagster as dg

from pipelines.jobs import REFRESH

MONTHLY = dg.ScheduleDefinition(
    name="monthly_refresh",
    job_name=REFRESH,
    cron_schedule="0 5 16 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="On the 16th: the provisional overdose counts come out around mid-month.",
)
