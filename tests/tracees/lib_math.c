/* libm, whose functions choose their code by what the CPU can. */
/* libs: -lm */
#include <math.h>

#include "check.h"

int main(void)
{
    double sum = 0;
    for (int i = 1; i < 2000; i++)
        sum += sin(i) * exp(1.0 / i) + pow(i, 0.3) + log(i) + fmod(i, 0.7);
    CHECK(isfinite(sum));
    printf("%a %a\n", sum, cbrt((double)getpid()));
    return 0;
}
