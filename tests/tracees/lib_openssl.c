/* OpenSSL asks cpuid when it is loaded (OPENSSL_ia32cap), chooses its code by the answer, and draws
 * from rdrand if it is told to. */
/* needs: libcrypto */
/* flags: -Wno-deprecated-declarations */
#include <openssl/engine.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "check.h"

static void print_bytes(const char *name, const unsigned char *bytes, size_t size)
{
    printf("%s: ", name);
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void draw(const char *name)
{
    unsigned char bytes[40];
    CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
    print_bytes(name, bytes, sizeof bytes);
}

static void draw_from_rdrand(void)
{
    ENGINE_load_builtin_engines();
    ENGINE *engine = ENGINE_by_id("rdrand");
    if (!engine) /* the processor has none */
        return;
    CHECK(ENGINE_init(engine) && ENGINE_set_default_RAND(engine));
    draw("rdrand");
    ENGINE_finish(engine);
    ENGINE_free(engine);
}

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    CHECK(EVP_Digest("reel", 4, digest, &size, EVP_sha256(), NULL) == 1);
    print_bytes("sha256", digest, size);
    draw("default");
    draw_from_rdrand();
    return 0;
}
