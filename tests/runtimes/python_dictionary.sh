# Python counts in a dictionary, without calls, until an alarm's handler says stop: what it has
# counted depends on the exact points.
command=(python3 "$WORK/program.py")
prepare() {
    cat >"$WORK/program.py" <<'PYTHON'
import signal

alarms = 0

def on_alarm(number, frame):
    global alarms
    alarms += 1

signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
counts = {}
i = 0
while alarms < 5:
    key = i % 13
    counts[key] = counts.get(key, 0) + 1
    i += 1
signal.setitimer(signal.ITIMER_REAL, 0)  # none may come when the handler is gone
print(i, sorted(counts.items()))
PYTHON
}
