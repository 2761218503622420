#include "compander.h"

/* A threshold that no magnitude reaches. */
#define NEVER 0xffffffu

void facelite_compander_build(facelite_compander *compander, const facelite_blob *blob) {
    uint32_t code = 0;
    for (uint32_t bucket = 0; bucket < FACELITE_BUCKETS; bucket++) {
        compander->entry[bucket] = NEVER << 8 | code;
        if (code < FACELITE_THRESHOLDS) {
            const uint32_t threshold = facelite_blob_threshold(blob, code);
            if (facelite_bucket(threshold) == bucket) {
                compander->entry[bucket] = threshold << 8 | code;
                code++;
            }
        }
    }
}
