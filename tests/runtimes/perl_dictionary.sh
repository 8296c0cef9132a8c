# Perl counts in a hash, without calls, until an alarm's handler says stop.
command=(perl "$WORK/program.pl")
prepare() {
    cat >"$WORK/program.pl" <<'PERL'
use Time::HiRes qw(setitimer ITIMER_REAL);
my ($alarms, $i, %counts) = (0, 0);
$SIG{ALRM} = sub { $alarms++ };
setitimer(ITIMER_REAL, 0.003, 0.003);
while ($alarms < 5) {
    $counts{$i % 13}++;
    $i++;
}
setitimer(ITIMER_REAL, 0, 0); # none may come when the handler is gone
print "$i ", join(" ", map { "$_=$counts{$_}" } sort keys %counts), "\n";
PERL
}
