/* facelite_replay_student INPUT.s16 OUTPUT: as facelite_replay, by the generated student.c alone.
 *
 * STUDENT is what the names of its functions begin with. INPUT: raw int16 at the student's rate; OUTPUT: float32
 * [frames][controls]. Exit status: 0, or 2 with a line that says what is wrong. */
#include <stdint.h>
#include <string.h>

#include "student.h"
#include "tool.h"

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define OF(name) NAME(STUDENT, name)

int main(int argc, char **argv) {
    static OF(_stream) stream;
    const size_t controls = sizeof OF(_controls) / sizeof OF(_controls)[0];
    if (argc != 3) {
        fail("usage", "facelite_replay_student INPUT.s16 OUTPUT");
    }
    block input = read_file(argv[1]);
    const size_t samples = input.length / sizeof(int16_t);
    OF(_reset)(&stream);
    const size_t frame = controls * sizeof(float), pushed = OF(_frames_for)(&stream, samples);
    block early = make_block((pushed + 1) * frame);
    OF(_push_i16)(&stream, input.bytes, samples, early.bytes);
    block frames = make_block((pushed + OF(_frames_pending)(&stream) + 1) * frame);
    memcpy(frames.bytes, early.bytes, pushed * frame);
    const size_t flushed = OF(_flush)(&stream, (float *)frames.bytes + pushed * controls);
    write_file(argv[2], frames.bytes, (pushed + flushed) * frame, "wb");
    free_block(&frames);
    free_block(&early);
    free_block(&input);
    return 0;
}
