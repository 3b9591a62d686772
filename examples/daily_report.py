"""
A report pipeline with a schedule: every morning the sales of the regions are fetched, summed up and sent.

The regions are fetched side by side, each with its own retries. A region that cannot be had is named in the report and
holds nothing up. Schedules are in a wrangler configuration:

    "workflows": [
        {"name": "daily-report", "binding": "REPORT", "class_name": "DailyReport", "schedules": ["0 6 * * *"]}
    ]

`stepwell serve` then makes an instance at each of those times, and one for the last time that it has missed. By hand:

    stepwell run examples/daily_report.py --params '{"day": "2026-11-29"}'
"""

from datetime import UTC, datetime, timedelta

from workers import WorkflowEntrypoint

REGIONS = {"north": [120, 80], "south": [310], "west": None}


class DailyReport(WorkflowEntrypoint):
    """The report of one day."""

    async def run(self, event, step):
        """Parameters: ``day``; yesterday, as the schedule counts it, if it is not given."""
        day = (event["payload"] or {}).get("day") or day_before(event)

        def fetch(region):
            @step.do(f"fetch {region}", config={"retries": {"limit": 2, "delay": 20, "backoff": "constant"}})
            async def fetch(ctx):
                if REGIONS[region] is None:
                    message = f"{region} does not answer (attempt {ctx['attempt']})"
                    raise ConnectionError(message)
                return REGIONS[region]

            return fetch

        sales, missing = {}, []
        for region in REGIONS:
            try:
                sales[region] = sum(await fetch(region)())
            except Exception as error:  # noqa: BLE001 - on Cloudflare the class is lost on the way
                print(f"The report goes without {region}: {error}")
                missing.append(region)

        @step.do("write")
        async def write():
            lines = [f"{region}: {total}" for region, total in sales.items()]
            return "\n".join([f"Sales of {day}", *lines, f"total: {sum(sales.values())}"])

        @step.do("send", config={"retries": {"limit": 5, "delay": "10 seconds"}})
        async def send(write):
            print(write)
            return len(write)

        return {"day": day, "missing": missing, "sent": await send(), "total": sum(sales.values())}


def day_before(event):
    """Find the day before the schedule's time; where none has made the instance, before its creation."""
    schedule = event.get("schedule")
    time = datetime.fromtimestamp(schedule["scheduledTime"] / 1000, UTC) if schedule else event["timestamp"]
    return (time - timedelta(days=1)).date().isoformat()
