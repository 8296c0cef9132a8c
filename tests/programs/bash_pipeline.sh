# bash: a pipeline of five programs, a here-document, a trap, a subshell, job control by signals.
command=(bash ./script)
setup() {
    cat >script <<'SCRIPT'
trap 'echo "trapped USR1 in $$"' USR1
trap 'echo leaving' EXIT
cat <<HERE | tr a-z A-Z | sort -r | head -n 3 | wc -c
delta of $$
alpha
charlie
bravo
HERE
kill -USR1 $$
(exit 3) || echo "subshell ended with $?"
sleep 0.05 &
wait $!
for i in 1 2 3; do echo "$i $RANDOM $(date +%N)"; done
read -r line < <(echo substituted)
echo "$line"
SCRIPT
}
