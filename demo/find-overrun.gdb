# The session of the demo: from the crash back to the write that caused it.
set pagination off
set confirm off
set style enabled off
set trace-commands on
continue
print customer->name
watch -l customer->name
reverse-continue
backtrace
frame
