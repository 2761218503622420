// A face driven from the game thread: the audio thread only hands over copies of what it plays, the game thread owns the
// stream, pushes what has come, samples the moment that is heard, stops and interrupts. Builds with -fno-exceptions.
//
//     talk student.facelite speech.s16      speech: int16, mono, at the student's rate
//
// Prints the clip's curves, a frame a line.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <facelite/facelite.hpp>

#include "ring.hpp"

namespace {

constexpr double fade = 0.15; // seconds in which a stopped face goes to rest
using Clock = std::chrono::steady_clock;

struct Block {
    unsigned utterance = 0; // which speech it is of
    bool last = false;
    std::size_t samples = 0;
    std::array<std::int16_t, 160> pcm = {}; // 10 ms at 16 kHz
};

using Blocks = Ring<Block, 256>;

void require(facelite::Status status, const char *what) {
    if (!status) {
        std::fprintf(stderr, "talk: %s: %s\n", what, status.text());
        std::exit(2);
    }
}

std::vector<char> read(const char *path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::perror(path);
        std::exit(2);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

// An audio engine: a thread that plays one clip, block by block, whenever the game says so.
class Audio {
public:
    Audio(std::vector<std::int16_t> clip, std::uint32_t rate)
        : clip_(std::move(clip)), rate_(rate), thread_([this] { run(); }) {}
    Audio(const Audio &) = delete;
    Audio &operator=(const Audio &) = delete;
    ~Audio() {
        quit_ = true;
        thread_.join();
    }

    // 0: nothing. Another number than before: the clip from its start.
    void play(unsigned utterance) noexcept { wanted_ = utterance; }
    Blocks &blocks() noexcept { return blocks_; }
    bool overrun() const noexcept { return overrun_; }

private:
    void callback() noexcept {
        if (const unsigned wanted = wanted_; wanted != block_.utterance) {
            block_ = Block();
            block_.utterance = wanted;
            at_ = 0;
        }
        if (block_.utterance == 0 || at_ == clip_.size()) {
            return;
        }
        block_.samples = std::min(block_.pcm.size(), clip_.size() - at_);
        std::copy_n(clip_.data() + at_, block_.samples, block_.pcm.data());
        at_ += block_.samples;
        block_.last = at_ == clip_.size();
        if (!blocks_.put(block_)) {
            overrun_ = true;
        }
    }

    void run() {
        const std::chrono::duration<double> period(160.0 / rate_);
        for (auto next = Clock::now(); !quit_;) {
            callback();
            next += std::chrono::duration_cast<Clock::duration>(period);
            std::this_thread::sleep_until(next);
        }
    }

    std::vector<std::int16_t> clip_;
    std::uint32_t rate_;
    Blocks blocks_;
    Block block_;
    std::size_t at_ = 0;
    std::atomic<unsigned> wanted_{0};
    std::atomic<bool> quit_{false}, overrun_{false};
    std::thread thread_; // last: it uses all of the above
};

// A character of the game.
class Character {
public:
    Character(const facelite::Model &model, Audio &audio) : audio_(audio), rate_(model.info().sample_rate) {
        require(stream_.open(model), "stream");
        require(scratch_.open(model), "scratch");
        const auto [lookahead, smoothing, hop, resampler] = stream_.latency();
        latency_ = lookahead + smoothing + hop + resampler;
        face_.resize(stream_.controls());
        require(stream_.sample(0, face_), "sample");
        rest_ = face_;
    }

    // Speaks the clip; if it speaks already, it interrupts itself without a jump.
    void speak() {
        leave();
        audio_.play(++utterance_);
        speaking_ = true;
    }

    void stop() {
        leave();
        audio_.play(0);
        since_ = Clock::now();
        speaking_ = false;
    }

    // Once a frame of the game. Returns the second that is shown.
    double update() {
        for (Block block; audio_.blocks().get(block);) {
            if (speaking_ && block.utterance == utterance_) { // others are of speech that was interrupted
                hear(block);
            }
        }
        const double seconds = heard();
        const auto shown = face_;
        require(stream_.sample(seconds, face_), "sample"); // here a game sets its morph targets
        for (std::size_t i = 0; i < face_.size(); i++) {
            largest_step = std::max(largest_step, std::abs(face_[i] - shown[i]));
        }
        return seconds;
    }

    bool at_rest() const { return face_ == rest_; }

    std::vector<float> curves; // all frames of the clip: for the print below, a game does not keep them
    float largest_step = 0;    // of a control between two frames of the game

private:
    void leave() {
        if (speaking_) {
            require(stream_.stop(heard(), fade), "stop");
        }
        handed_ = 0;
        ended_ = false;
        curves.clear();
    }

    void hear(const Block &block) {
        handed_ += block.samples;
        append(stream_.frames_for(block.samples), [&](facelite::Span<float> frames) {
            return stream_.push({block.pcm.data(), block.samples}, scratch_, frames);
        });
        if (block.last) {
            append(stream_.frames_pending(),
                   [&](facelite::Span<float> frames) { return stream_.flush(scratch_, frames); });
            since_ = Clock::now();
        }
        ended_ = block.last;
    }

    template <class Call> void append(std::size_t count, Call call) {
        const std::size_t first = curves.size();
        curves.resize(first + count * face_.size());
        const auto pushed = call({curves.data() + first, count * face_.size()});
        require(pushed.status, "push");
    }

    // Seconds of the clip's clock that are heard now: sound is delayed by the latency. After the clip, and when the face
    // has been stopped, nothing is handed over and the clock goes on by itself.
    double heard() const {
        const std::chrono::duration<double> after = Clock::now() - since_;
        if (!speaking_) {
            return after.count();
        }
        const double seconds = static_cast<double>(handed_) / rate_ - latency_;
        return ended_ ? seconds + after.count() : seconds;
    }

    facelite::Stream stream_;
    facelite::Scratch scratch_;
    Audio &audio_;
    std::uint32_t rate_;
    double latency_ = 0;
    std::vector<float> face_, rest_;
    unsigned utterance_ = 0;
    bool speaking_ = false, ended_ = false;
    std::size_t handed_ = 0; // samples of this utterance
    Clock::time_point since_;
};

// The game, 60 frames a second, until a moment after `seconds` is shown. Returns the largest step since.
float show(Character &character, double seconds) {
    character.largest_step = 0;
    auto next = Clock::now();
    do {
        next += std::chrono::microseconds(16667);
        std::this_thread::sleep_until(next);
    } while (character.update() <= seconds);
    return character.largest_step;
}

void print(const std::vector<float> &curves, std::size_t controls) {
    for (std::size_t i = 0; i < curves.size(); i++) {
        std::printf("%.9g%c", static_cast<double>(curves[i]), (i + 1) % controls != 0 ? ' ' : '\n');
    }
}

} // namespace

int main(int count, char **words) {
    if (count != 3) {
        std::fputs("usage: talk student.facelite speech.s16\n", stderr);
        return 2;
    }
    facelite::Model model;
    require(model.load(facelite::as_bytes(read(words[1]))), words[1]);
    const auto bytes = read(words[2]);
    std::vector<std::int16_t> clip(bytes.size() / sizeof(std::int16_t));
    std::memcpy(clip.data(), bytes.data(), clip.size() * sizeof(std::int16_t));
    const double seconds = static_cast<double>(clip.size()) / model.info().sample_rate;

    Audio audio(std::move(clip), model.info().sample_rate);
    Character character(model, audio);
    character.speak();
    std::fprintf(stderr, "speech: largest step %.3f\n", static_cast<double>(show(character, seconds)));
    print(character.curves, model.info().controls);
    character.speak();
    show(character, seconds / 2);
    character.speak();
    std::fprintf(stderr, "interruption: largest step %.3f\n", static_cast<double>(show(character, seconds / 2)));
    character.stop();
    show(character, fade);
    std::fprintf(stderr, "stop: %s\n", character.at_rest() ? "at rest" : "NOT at rest");
    if (audio.overrun()) {
        std::fputs("talk: the game thread fell behind by more than the ring holds\n", stderr);
    }
    return character.at_rest() && !audio.overrun() ? 0 : 1;
}
