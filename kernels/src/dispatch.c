#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "facelite/facelite.h"

typedef struct tier {
    const char *name;
    int (*runs_here)(void);
    void (*overlay)(facelite_ops *ops);
} tier;

/* Weakest first; a tier may build on every one above it. */
static const tier tiers[] = {
    {"ref", facelite_cpu_always, facelite_overlay_ref},
#if defined(FACELITE_X86)
    {"sse41", facelite_cpu_sse41, facelite_overlay_sse41},
    {"avx2", facelite_cpu_avx2, facelite_overlay_avx2},
#if defined(FACELITE_AVXVNNI)
    {"avxvnni", facelite_cpu_avxvnni, facelite_overlay_avxvnni},
#endif
    {"avx512vnni", facelite_cpu_avx512vnni, facelite_overlay_avx512vnni},
#elif defined(FACELITE_ARM64)
    {"neon", facelite_cpu_always, facelite_overlay_neon},
    {"neon_dotprod", facelite_cpu_neon_dotprod, facelite_overlay_neon_dotprod},
#elif defined(FACELITE_WASM)
    {"wasm_simd128", facelite_cpu_always, facelite_overlay_wasm_simd128},
#if defined(FACELITE_WASM_RELAXED)
    {"wasm_relaxed_simd", facelite_cpu_always, facelite_overlay_wasm_relaxed_simd},
#endif
#endif
};

enum { TIERS = sizeof tiers / sizeof tiers[0], NONE = -1 };

static int forced = NONE; /* set before any model is made, as the header asks */

/* Index of the tier of that name if it runs here, else NONE. */
static int find(const char *name) {
    for (int i = 0; i < TIERS; i++) {
        if (strcmp(tiers[i].name, name) == 0) {
            return tiers[i].runs_here() ? i : NONE;
        }
    }
    return NONE;
}

static int best(void) {
    int index = 0;
    for (int i = 1; i < TIERS; i++) {
        index = tiers[i].runs_here() ? i : index;
    }
    return index;
}

static int selected(void) {
    if (forced != NONE) {
        return forced;
    }
    const char *wanted = getenv("FACELITE_ISA");
    return wanted && *wanted ? find(wanted) : best();
}

const char *facelite_dispatch(facelite_ops *ops) {
    const int top = selected();
    if (top == NONE) {
        return NULL;
    }
    for (int i = 0; i <= top; i++) {
        if (tiers[i].runs_here()) {
            tiers[i].overlay(ops);
        }
    }
    return tiers[top].name;
}

facelite_status facelite_isa_force(const char *name) {
    const int index = name ? find(name) : NONE;
    if (name && index == NONE) {
        return FACELITE_E_ISA;
    }
    forced = index;
    return FACELITE_OK;
}

const char *facelite_isa_selected(void) {
    const int index = selected();
    return index == NONE ? NULL : tiers[index].name;
}

const char *facelite_isa_available(uint32_t index) {
    for (int i = 0; i < TIERS; i++) {
        if (tiers[i].runs_here() && index-- == 0) {
            return tiers[i].name;
        }
    }
    return NULL;
}
