#include "check.h"

#include <stdlib.h>

#include "bench/synthetic.h"

int check_failures = 0;

int finish(const char *name) {
    printf("%s: %s\n", name, check_failures ? "FAILED" : "ok");
    return check_failures ? 1 : 0;
}

file read_data(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", FACELITE_TEST_DATA, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(2);
    }
    const long length = ftell(stream);
    rewind(stream);
    file found = {aligned_zeroed((size_t)length), (size_t)length};
    if (fread(found.bytes, 1, found.length, stream) != found.length) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    fclose(stream);
    return found;
}
