/* A library loaded and unloaded while the program runs. */
#include <dlfcn.h>

#include "check.h"

int main(void)
{
    void *library = dlopen("libm.so.6", RTLD_NOW);
    if (!library) {
        puts("no libm.so.6 here");
        return 0;
    }
    double (*function)(double) = (double (*)(double))dlsym(library, "cbrt");
    CHECK(function && function(27.0) > 2.99);
    printf("%p\n", (void *)function);
    CHECK(dlclose(library) == 0);
    CHECK(!dlopen("/absent.so", RTLD_NOW) && dlerror());
    CHECK(!dlsym(RTLD_DEFAULT, "no_such_symbol"));
    return 0;
}
