/* Random numbers of the C++ library: by rdrand and rdseed, and by what else it has. */
#include <cstdio>
#include <exception>
#include <random>

static void draw(const char *name)
{
    try {
        std::random_device device(name);
        std::printf("%s:", name);
        for (int i = 0; i < 10; i++)
            std::printf(" %x", device());
        std::printf("\n");
    } catch (const std::exception &error) { /* the processor may not have it */
        std::printf("%s: %s\n", name, error.what());
    }
}

int main()
{
    draw("default");
    draw("rdrand");
    draw("rdseed");
    draw("getentropy");
    return 0;
}
