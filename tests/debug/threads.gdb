# program: session_threads
break first
break second
continue
info threads
backtrace 1
continue
info threads
backtrace 1
print visits
delete
watch visits
continue
continue
print visits
reverse-continue
reverse-continue
print visits
