"""Records when Prefect 3.9.1 says that schedules are due, for the comparison in ../differential.ts.

Run with a Python that has prefect==3.9.1:  python make.py > prefect-3.9.1.json
Other cases, around the changes of clocks of other years:  python make.py <seed> <year> <year> …
A case is [kind, text, zone, start, end, due times]: seconds since 1970, the due ones counted from the start.
"""
import asyncio
import datetime as d
import json
import random
import sys
from zoneinfo import ZoneInfo
from prefect._vendor.croniter.croniter import CroniterBadDateError
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

UTC = d.timezone.utc
ZONES = """America/New_York America/Los_Angeles America/Sao_Paulo America/Santiago America/Havana America/St_Johns America/Asuncion
Europe/London Europe/Berlin Europe/Dublin Europe/Athens Africa/Cairo Africa/Windhoek Asia/Beirut Asia/Jerusalem Asia/Kolkata
Asia/Kathmandu Asia/Tokyo Australia/Sydney Australia/Lord_Howe Pacific/Auckland Pacific/Chatham Pacific/Apia UTC""".split()
CRONS = """0 * * * *|*/30 * * * *|*/7 * * * *|30 1 * * *|30 2 * * *|0 0 * * *|15 0-3 * * *|0 */2 * * *|0 2,3 * * *|59 23 * * *
0 9 * * MON-FRI|0 9 1 * *|0 9 L * *|0 9 * * 5#2|0 9 * * L5|0 9 13 * FRI|0 0 */10 * 1|0 22-2 * * *|5/15 1 * * *|@daily|@weekly
0 9 * * sat-mon|0 12 * 2,4-6 *|0 12 29 2 *|45 2 * * 0|0 3 * * 7|10-20/5 2 * * *|30 0 * * *""".replace("\n", "|").split("|")
INTERVALS = [60, 900, 3600, 5400, 7200, 43200, 86400, 2 * 86400, 7 * 86400, 30 * 86400]
RULES = """FREQ=HOURLY|FREQ=HOURLY;INTERVAL=5|FREQ=DAILY|FREQ=DAILY;INTERVAL=3|FREQ=DAILY;BYHOUR=2;BYMINUTE=30|FREQ=WEEKLY;BYDAY=MO,WE,SU
FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU|FREQ=MONTHLY;BYDAY=2TU|FREQ=MONTHLY;BYDAY=-1FR|FREQ=MONTHLY;BYMONTHDAY=-1|FREQ=MONTHLY;BYMONTHDAY=31
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1|FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,15;BYHOUR=1,2|FREQ=YEARLY;BYMONTH=3,11;BYDAY=2SU
FREQ=YEARLY;BYWEEKNO=1,20,-1;BYDAY=MO|FREQ=YEARLY;BYYEARDAY=1,100,-1|FREQ=YEARLY;BYEASTER=-2|FREQ=YEARLY;BYDAY=20MO|FREQ=YEARLY
FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13|FREQ=DAILY;COUNT=2300|FREQ=DAILY;UNTIL=20261101T120000|FREQ=HOURLY;BYHOUR=1,2,3|FREQ=HOURLY;BYDAY=SU;BYMINUTE=15,45
FREQ=WEEKLY|FREQ=MONTHLY|FREQ=MONTHLY;BYSETPOS=2,-2;BYDAY=SA,SU;BYHOUR=2,9|FREQ=YEARLY;INTERVAL=2;BYMONTH=6;BYMONTHDAY=1|FREQ=HOURLY;INTERVAL=7;BYMONTHDAY=1,8""".replace("\n", "|").split("|")
SETS = [
    "RRULE:FREQ=DAILY\nEXDATE:20261101T000000,20261103T000000",
    "RRULE:FREQ=WEEKLY;BYDAY=MO\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
    "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;BYDAY=SA,SU\nRDATE:20261101T013000",
]
STARTS = ["20200101T023000", "20190331T013000", "20230115T090507", "20240229T003000"]


def offset(zone, at):
    return at.astimezone(zone).utcoffset()


def changes(zone, year):
    at, end, found = d.datetime(year, 1, 1, tzinfo=UTC), d.datetime(year + 1, 1, 1, tzinfo=UTC), []
    while at < end:
        after = at + d.timedelta(minutes=30)
        if offset(zone, at) != offset(zone, after):
            found.append(after)
        at = after
    return found


def due(schedule, start, end):
    try:
        dates = asyncio.run(schedule.get_dates(n=60, start=start, end=end))
    except CroniterBadDateError:  # a day that no calendar has
        dates = []
    return sorted({int(date.timestamp() - start.timestamp()) for date in dates})


def main():
    seed, years = int((sys.argv[1:] or ["3"])[0]), [int(year) for year in sys.argv[2:]] or [2026]
    choose, cases = random.Random(seed), []

    def add(kind, text, zone, start, end):
        if kind == "cron":
            schedule = CronSchedule(cron=text, timezone=zone)
        elif kind == "cron-and":
            schedule = CronSchedule(cron=text, timezone=zone, day_or=False)
        elif kind == "interval":
            seconds, anchor = text
            schedule = IntervalSchedule(
                interval=d.timedelta(seconds=seconds), anchor_date=d.datetime.fromtimestamp(anchor, UTC), timezone=zone
            )
        else:
            schedule = RRuleSchedule(rrule=text, timezone=zone)
        cases.append([kind, text, zone, int(start.timestamp()), int(end.timestamp()), due(schedule, start, end)])

    for name in ZONES:
        zone = ZoneInfo(name)
        moved = [at for year in years for at in changes(zone, year)]
        windows = [(at - d.timedelta(hours=5, minutes=10), at + d.timedelta(hours=31)) for at in moved]
        windows.append((d.datetime(2026, 7, 9, 3, 17, tzinfo=UTC), d.datetime(2026, 7, 12, tzinfo=UTC)))
        for start, end in windows:
            for text in choose.sample(CRONS, 9):
                add("cron", text, name, start, end)
            for seconds in choose.sample(INTERVALS, 4):
                wall = d.datetime(choose.choice([2025, 2026]), choose.randint(1, 12), 5, choose.randint(0, 3), 30, tzinfo=zone)
                add("interval", [seconds, int(wall.timestamp())], name, start, end)
            for text in choose.sample(RULES, 6):
                add("rrule", f"DTSTART:{choose.choice(STARTS)}\nRRULE:{text}", name, start, end)
    for text in RULES + SETS:
        for begin in STARTS[:2]:
            text_from = f"DTSTART:{begin}\n{text if ':' in text else 'RRULE:' + text}"
            add("rrule", text_from, "UTC", d.datetime(2026, 10, 1, tzinfo=UTC), d.datetime(2028, 4, 1, tzinfo=UTC))
        add("rrule", text, "Europe/Berlin", d.datetime(2026, 10, 20, tzinfo=UTC), d.datetime(2026, 12, 1, tzinfo=UTC))
    for text in CRONS + ["0 9 13 * 5", "0 9 1-7 * MON", "0 9 1-31 * 1", "0 9 1-31 * */2", "0 0 1-7 * 3#1"]:
        for kind in ["cron", "cron-and"]:
            add(kind, text, "UTC", d.datetime(2026, 10, 1, tzinfo=UTC), d.datetime(2028, 4, 1, tzinfo=UTC))
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]")


main()
