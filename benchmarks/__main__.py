"""`python -m benchmarks [NAME …]`: all, or those named."""

from __future__ import annotations

import sys

from benchmarks import (
    alert_latency,
    forecast_noon,
    forecast_queues,
    forecast_volume,
    history,
    kill_soak,
    numbers,
    risk,
    risk_effect,
    rules,
    source_cost,
    staffing,
    take_over,
    viewers,
)

BENCHES = {
    "numbers": numbers.run,
    "history": history.run,
    "forecast-volume": forecast_volume.run,
    "forecast-intervals": forecast_volume.intervals,
    "forecast-days": forecast_volume.days,
    "forecast-earlier": forecast_volume.earlier,
    "forecast-noon": forecast_noon.run,
    "forecast-queues": forecast_queues.run,
    "source-cost": source_cost.run,
    "viewers": viewers.run,
    "alert-latency": alert_latency.run,
    "alert-faults": alert_latency.faults,
    "kill-soak": kill_soak.run,
    "take-over": take_over.run,
    "staffing": staffing.run,
    "risk": risk.run,
    "risk-million": risk.million,
    "risk-olist": risk.olist,
    "risk-effect": risk_effect.run,
    "rules": rules.run,
}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"there is no benchmark '{unknown[0]}'; there are {', '.join(BENCHES)}")
        return 2
    for name in wanted:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
