# OpenSSL by its command and by python: random numbers, and a digest whose code is chosen by cpuid.
needs=(openssl python3)
command=(sh -c 'openssl rand -hex 32 && openssl dgst -sha256 "$0" && openssl version -c &&
    OPENSSL_ia32cap="~0x200000200000000" openssl dgst -sha512 "$0" &&
    python3 -c "import ssl, hashlib
print(ssl.RAND_bytes(32).hex(), hashlib.sha256(b\"reel\").hexdigest())"' /bin/true)
