# perl: hashes, sorting, regular expressions, files, fork and pipes.
command=(perl ./program.pl)
needs=(perl)
setup() {
    cat >program.pl <<'SOURCE'
use strict; use warnings; use Time::HiRes qw(time);
my %count;
$count{$_ % 97 * 31 % 101}++ for 1 .. 30000;
print join(" ", map { "$_=$count{$_}" } (keys %count)[0 .. 9]), "\n";   # its order is random
open(my $out, ">", "numbers") or die; print $out "$_\n" for 1 .. 2000; close $out;
open(my $in, "<", "numbers") or die; my $sum = 0; /^(\d+)$/ and $sum += $1 while <$in>; close $in;
die unless $sum == 2001000;
pipe(my $r, my $w); my $child = fork();
if (!$child) { close $r; print $w "child $$\n"; close $w; exit 4 }
close $w; print scalar <$r>; waitpid($child, 0); die unless $? >> 8 == 4;
local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select(undef, undef, undef, 5);
printf "%s %.6f %s", rand(), time(), `echo from a shell`;
SOURCE
}
