// A face driven from the game thread, as in Unity: the audio thread (OnAudioFilterRead) only hands over copies of what it
// plays; the game thread (Update) owns the stream, pushes what has come, samples the moment that is heard, stops and
// interrupts.
//
//     Talk.exe student.facelite speech.s16      speech: int16, mono, at the student's rate
//
// Prints the clip's curves, a frame a line.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using Facelite;

struct Block
{
    public const int Size = 160; // 10 ms at 16 kHz
    public int Utterance, Samples;
    public bool Last;
    public short[] Pcm;
}

// Blocks from one thread to another, in order, without locks or allocation: one writer, one reader.
sealed class Ring
{
    readonly Block[] slots = new Block[256];
    int written, read;

    public Ring()
    {
        for (int i = 0; i < slots.Length; i++) slots[i].Pcm = new short[Block.Size];
    }

    // Writer: false when it is full.
    public bool Put(int utterance, short[] pcm, int first, int samples, bool last)
    {
        if (written - Volatile.Read(ref read) == slots.Length) return false;
        int at = written % slots.Length;
        slots[at].Utterance = utterance;
        slots[at].Samples = samples;
        slots[at].Last = last;
        Array.Copy(pcm, first, slots[at].Pcm, 0, samples);
        Volatile.Write(ref written, written + 1);
        return true;
    }

    // Reader: false when it is empty. The block stays as it is until Next.
    public bool Peek(out Block block)
    {
        bool any = read != Volatile.Read(ref written); // before the slot is read: it may be being filled
        block = any ? slots[read % slots.Length] : default(Block);
        return any;
    }

    public void Next() { Volatile.Write(ref read, read + 1); }
}

// An audio engine: a thread that plays one clip, block by block, whenever the game says so.
sealed class Audio
{
    readonly short[] clip;
    readonly double rate;
    readonly Thread thread;
    int wanted, utterance, at;
    volatile bool quit;
    public volatile bool Overrun;
    public readonly Ring Ring = new Ring();

    public Audio(short[] clip, double rate)
    {
        this.clip = clip;
        this.rate = rate;
        at = clip.Length;
        thread = new Thread(Run);
        thread.Start();
    }

    // 0: nothing. Another number than before: the clip from its start.
    public void Play(int next) { Volatile.Write(ref wanted, next); }

    public void Quit()
    {
        quit = true;
        thread.Join();
    }

    void Callback()
    {
        int now = Volatile.Read(ref wanted);
        if (now != utterance)
        {
            utterance = now;
            at = now == 0 ? clip.Length : 0;
        }
        int samples = Math.Min(Block.Size, clip.Length - at);
        if (samples == 0) return;
        if (!Ring.Put(utterance, clip, at, samples, at + samples == clip.Length)) Overrun = true;
        at += samples;
    }

    void Run()
    {
        var clock = Stopwatch.StartNew();
        for (long blocks = 1; !quit; blocks++)
        {
            Callback();
            double wait = blocks * Block.Size / rate - clock.Elapsed.TotalSeconds;
            if (wait > 0) Thread.Sleep(TimeSpan.FromSeconds(wait));
        }
    }
}

// A character of the game.
sealed class Character
{
    const double Fade = 0.15; // seconds in which a stopped face goes to rest
    readonly Facelite.Stream stream;
    readonly Audio audio;
    readonly double rate;
    readonly float[] face, shown, rest, frames;
    int utterance, handed;
    bool speaking, ended;
    readonly Stopwatch since = new Stopwatch();
    public readonly List<float> Curves = new List<float>(); // for the print below, a game does not keep them
    public float LargestStep;

    public Character(Model model, Audio audio)
    {
        this.audio = audio;
        rate = model.Info.SampleRate;
        stream = new Facelite.Stream(model, model.Info.SampleRate);
        face = new float[stream.Controls];
        shown = new float[stream.Controls];
        rest = new float[stream.Controls];
        // A push of one block returns a frame at most when a hop is longer than it; a flush, all that the latency held back.
        double most = stream.Latency.Total * rate + Block.Size;
        frames = new float[((int)(most / model.Info.Hop) + 2) * stream.Controls];
        stream.Sample(0, rest); // before speech: the face that silence makes
        stream.Sample(0, face);
    }

    // Speaks the clip; if it speaks already, it interrupts itself without a jump.
    public void Speak()
    {
        Leave();
        audio.Play(++utterance);
        speaking = true;
    }

    // Decays to neutral; seconds after Fade show the face at rest.
    public void Stop()
    {
        Leave();
        audio.Play(0);
        since.Restart();
        speaking = false;
    }

    public bool AtRest
    {
        get { return since.Elapsed.TotalSeconds > Fade && Largest(face, rest) == 0; }
    }

    // Once a frame of the game. Returns the second that is shown.
    public double Update()
    {
        Block block;
        for (; audio.Ring.Peek(out block); audio.Ring.Next())
        {
            if (speaking && block.Utterance == utterance) Hear(block); // others are of speech that was interrupted
        }
        double seconds = Heard();
        face.CopyTo(shown, 0);
        stream.Sample(seconds, face); // here a game sets its blend shapes: SetBlendShapeWeight(i, 100 * face[i])
        LargestStep = Math.Max(LargestStep, Largest(face, shown));
        return seconds;
    }

    void Leave()
    {
        if (speaking) stream.Stop(Heard(), Fade);
        handed = 0;
        ended = false;
        Curves.Clear();
    }

    void Hear(Block block)
    {
        handed += block.Samples;
        Keep(stream.Push(block.Pcm, 0, block.Samples, frames));
        if (!block.Last) return;
        Keep(stream.Flush(frames));
        since.Restart();
        ended = true;
    }

    void Keep(int count)
    {
        for (int i = 0; i < count * stream.Controls; i++) Curves.Add(frames[i]);
    }

    // Seconds of the clip's clock that are heard now: sound is delayed by the latency. After the clip, and when the face
    // has been stopped, nothing is handed over and the clock goes on by itself.
    double Heard()
    {
        if (!speaking) return since.Elapsed.TotalSeconds;
        double seconds = handed / rate - stream.Latency.Total;
        return ended ? seconds + since.Elapsed.TotalSeconds : seconds;
    }

    static float Largest(float[] one, float[] other)
    {
        float largest = 0;
        for (int i = 0; i < one.Length; i++) largest = Math.Max(largest, Math.Abs(one[i] - other[i]));
        return largest;
    }
}

static class Talk
{
    // The game, 60 frames a second, until a moment after `seconds` is shown. Returns the largest step since.
    static string Show(Character character, double seconds)
    {
        character.LargestStep = 0;
        do Thread.Sleep(TimeSpan.FromSeconds(1 / 60.0));
        while (character.Update() <= seconds);
        return character.LargestStep.ToString("F3", CultureInfo.InvariantCulture);
    }

    static void Print(List<float> curves, int controls)
    {
        for (int i = 0; i < curves.Count; i++)
        {
            Console.Out.Write(curves[i].ToString("G9", CultureInfo.InvariantCulture));
            Console.Out.Write((i + 1) % controls == 0 ? '\n' : ' ');
        }
    }

    static int Main(string[] words)
    {
        if (words.Length != 2)
        {
            Console.Error.WriteLine("usage: Talk.exe student.facelite speech.s16");
            return 2;
        }
        byte[] bytes = File.ReadAllBytes(words[1]);
        var clip = new short[bytes.Length / sizeof(short)];
        Buffer.BlockCopy(bytes, 0, clip, 0, clip.Length * sizeof(short));
        using (var model = new Model(File.ReadAllBytes(words[0])))
        {
            double seconds = clip.Length / (double)model.Info.SampleRate;
            var audio = new Audio(clip, model.Info.SampleRate);
            var character = new Character(model, audio);
            character.Speak();
            Console.Error.WriteLine("speech: largest step " + Show(character, seconds));
            Print(character.Curves, (int)model.Info.Controls);
            character.Speak();
            Show(character, seconds / 2);
            character.Speak();
            Console.Error.WriteLine("interruption: largest step " + Show(character, seconds / 2));
            character.Stop();
            Show(character, 0.2);
            audio.Quit();
            Console.Error.WriteLine("stop: " + (character.AtRest ? "at rest" : "NOT at rest"));
            if (audio.Overrun) Console.Error.WriteLine("the game thread fell behind by more than the ring holds");
            return character.AtRest && !audio.Overrun ? 0 : 1;
        }
    }
}
