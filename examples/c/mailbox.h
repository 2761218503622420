/* The newest face from one thread to another: three slots, so that neither ever waits for the other. The writer fills
 * its slot and swaps it for the shared one; the reader swaps its own for the shared one if that is fresher. */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdatomic.h>

#define MAILBOX_CONTROLS 128

typedef struct letter {
    unsigned obeyed; /* requests that it knows of */
    double seconds;  /* moment of the clip that it is for */
    float face[MAILBOX_CONTROLS];
} letter;

typedef struct mailbox {
    letter slots[3];
    atomic_uint shared; /* index of a slot, and FRESH once the writer has left it there */
    unsigned writers, readers;
} mailbox;

#define MAILBOX_FRESH 4u

static inline void mailbox_init(mailbox *box) {
    *box = (mailbox){.writers = 1, .readers = 2};
    atomic_init(&box->shared, 0);
}

/* The writer's slot; publish it with mailbox_send. */
static inline letter *mailbox_draft(mailbox *box) {
    return &box->slots[box->writers];
}

static inline void mailbox_send(mailbox *box) {
    const unsigned mine = box->writers | MAILBOX_FRESH;
    box->writers = atomic_exchange_explicit(&box->shared, mine, memory_order_acq_rel) & ~MAILBOX_FRESH;
}

/* The newest letter, the same one again when nothing came. */
static inline const letter *mailbox_read(mailbox *box) {
    if (atomic_load_explicit(&box->shared, memory_order_relaxed) & MAILBOX_FRESH) {
        box->readers = atomic_exchange_explicit(&box->shared, box->readers, memory_order_acq_rel) & ~MAILBOX_FRESH;
    }
    return &box->slots[box->readers];
}

#endif
