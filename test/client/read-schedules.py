"""Reads schedules as Prefect's client does: a list of them as JSON from stdin; those that it cannot read to stdout, each with why."""
import json
import sys

from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

KINDS = {"cron": CronSchedule, "interval": IntervalSchedule, "rrule": RRuleSchedule}
unread = []
for schedule in json.load(sys.stdin):
    kind = next(name for name in KINDS if name in schedule)
    try:
        KINDS[kind](**schedule)
    except Exception as why:
        unread.append([schedule, str(why)])
json.dump(unread, sys.stdout)
