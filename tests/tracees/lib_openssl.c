/* OpenSSL asks cpuid when it is loaded, and chooses its code by the answer. (Debian's has no random
 * numbers by rdrand: its engine is left out.) */
/* needs: libcrypto */
#include <openssl/crypto.h>
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

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    CHECK(EVP_Digest("reel", 4, digest, &size, EVP_sha256(), NULL) == 1);
    print_bytes("sha256", digest, size);
    draw("RAND_bytes");
    printf("%s\n", OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS));
    return 0;
}
