/* Forcing a tier takes: by the call, by the environment, and never onto a tier that is not here. */
#define _POSIX_C_SOURCE 200112L
#include <stdlib.h>

#include "bench/synthetic.h"
#include "check.h"
#include "facelite/facelite.h"
#include "src/dispatch.h"

static void set_environment(const char *value) {
#if defined(_WIN32)
    _putenv_s("FACELITE_ISA", value ? value : "");
#else
    if (value) {
        setenv("FACELITE_ISA", value, 1);
    } else {
        unsetenv("FACELITE_ISA");
    }
#endif
}

/* The model made now runs on `name`, and its table is that tier's. */
static void check_selected(const file *blob, const char *name) {
    facelite_info info;
    facelite_ops ops;
    const facelite_model *model = NULL;
    CHECK(facelite_inspect(blob->bytes, blob->length, &info) == FACELITE_OK, "fixture");
    void *memory = aligned_zeroed(info.model_bytes);
    CHECK(facelite_model_init(memory, info.model_bytes, blob->bytes, blob->length, &model) == FACELITE_OK, "%s", name);
    CHECK(model && strcmp(facelite_model_isa(model), name) == 0, "wanted %s", name);
    CHECK(strcmp(facelite_isa_selected(), name) == 0, "wanted %s", name);
    CHECK(strcmp(facelite_dispatch(&ops), name) == 0, "wanted %s", name);
    aligned_free(memory);
}

static int is_available(const char *name) {
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        if (strcmp(facelite_isa_available(t), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Asking for what this CPU or this build lacks is an error, by the call and by the environment. */
static void check_absent(const file *blob, const char *name, const char *best) {
    CHECK(facelite_isa_force(name) == FACELITE_E_ISA, "%s", name);
    CHECK(strcmp(facelite_isa_selected(), best) == 0, "a refused force changes nothing");
    set_environment(name);
    facelite_info info;
    const facelite_model *model = NULL;
    facelite_inspect(blob->bytes, blob->length, &info);
    void *memory = aligned_zeroed(info.model_bytes);
    CHECK(facelite_isa_selected() == NULL, "%s in the environment", name);
    CHECK(facelite_model_init(memory, info.model_bytes, blob->bytes, blob->length, &model) == FACELITE_E_ISA, "%s",
          name);
    aligned_free(memory);
    set_environment(NULL);
}

int main(void) {
    static const char *const known[] = {"sse41", "avx2", "avxvnni", "avx512vnni", "neon", "neon_dotprod", "wasm_simd128",
                                        "wasm_relaxed_simd", "mmx", "Ref"};
    const file blob = read_data("zoo.facelite");
    set_environment(NULL);
    const char *best = facelite_isa_selected();
    facelite_ops ref, ops;
    facelite_overlay_ref(&ref);
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        const char *name = facelite_isa_available(t);
        CHECK(facelite_isa_force(name) == FACELITE_OK, "%s", name);
        check_selected(&blob, name);
        facelite_dispatch(&ops);
        CHECK((ops.conv == ref.conv) == (t == 0), "%s must bring its own convolution", name);
        CHECK(facelite_isa_force(NULL) == FACELITE_OK, "%s", name);
        CHECK(strcmp(facelite_isa_selected(), best) == 0, "back to the best");
        set_environment(name);
        check_selected(&blob, name);
        set_environment(NULL);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!is_available(known[i])) {
            check_absent(&blob, known[i], best);
        }
    }
    aligned_free(blob.bytes);
    return finish("isa");
}
