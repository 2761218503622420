// libfacelite from C#, for Unity (put this file into Assets, the library into Assets/Plugins) and any other .NET.
// Nothing here needs `unsafe`, and nothing allocates after construction, so the garbage collector has nothing to do.
using System;
using System.Runtime.InteropServices;

namespace Facelite
{
    public sealed class FaceliteException : Exception
    {
        internal FaceliteException(string what, int status)
            : base(what + ": " + Marshal.PtrToStringAnsi(Native.facelite_strerror(status))) { }
    }

    // facelite_info, field for field.
    [StructLayout(LayoutKind.Sequential)]
    public struct Info
    {
        public uint SampleRate, Window, Lookahead, Hop, ReceptiveField, Controls, Smoothing, Ops;
        public ulong Parameters, MacsPerHop;
        public UIntPtr WeightBytes, BlobBytes, ModelBytes, StreamBytes, ScratchBytes, StackBytes;
    }

    // facelite_latency: seconds, a sum of terms.
    [StructLayout(LayoutKind.Sequential)]
    public struct Latency
    {
        public double Lookahead, Smoothing, Hop, Resampler;
        public double Total { get { return Lookahead + Smoothing + Hop + Resampler; } }
    }

    internal static class Native
    {
#if (UNITY_IOS || UNITY_WEBGL) && !UNITY_EDITOR
        const string Library = "__Internal"; // linked into the player
#else
        const string Library = "facelite";
#endif
        [DllImport(Library)] internal static extern IntPtr facelite_strerror(int status);
        [DllImport(Library)] internal static extern int facelite_inspect(IntPtr blob, UIntPtr bytes, out Info info);
        [DllImport(Library)] internal static extern int facelite_model_init(
            IntPtr memory, UIntPtr memoryBytes, IntPtr blob, UIntPtr blobBytes, out IntPtr model);
        [DllImport(Library)] internal static extern IntPtr facelite_control_name(IntPtr model, uint index);
        [DllImport(Library)] internal static extern UIntPtr facelite_stream_bytes(IntPtr model, uint hz);
        [DllImport(Library)] internal static extern int facelite_stream_init(
            IntPtr memory, UIntPtr memoryBytes, IntPtr model, out IntPtr stream);
        [DllImport(Library)] internal static extern int facelite_stream_set_rate(IntPtr stream, uint hz);
        [DllImport(Library)] internal static extern int facelite_stream_reset(IntPtr stream);
        [DllImport(Library)] internal static extern int facelite_stream_latency(IntPtr stream, out Latency latency);
        [DllImport(Library)] internal static extern UIntPtr facelite_stream_frames_for(IntPtr stream, UIntPtr samples);
        [DllImport(Library)] internal static extern UIntPtr facelite_stream_frames_pending(IntPtr stream);
        [DllImport(Library)] internal static extern int facelite_stream_push_f32(
            IntPtr stream, IntPtr scratch, ref float pcm, UIntPtr samples, float[] frames, UIntPtr capacity,
            out UIntPtr written);
        [DllImport(Library)] internal static extern int facelite_stream_push_i16(
            IntPtr stream, IntPtr scratch, ref short pcm, UIntPtr samples, float[] frames, UIntPtr capacity,
            out UIntPtr written);
        [DllImport(Library)] internal static extern int facelite_stream_flush(
            IntPtr stream, IntPtr scratch, float[] frames, UIntPtr capacity, out UIntPtr written);
        [DllImport(Library)] internal static extern int facelite_stream_sample(
            IntPtr stream, double seconds, float[] frame);
        [DllImport(Library)] internal static extern int facelite_stream_stop(IntPtr stream, double at, double fade);

        internal static void Check(int status, string what)
        {
            if (status != 0) throw new FaceliteException(what, status);
        }
    }

    // Memory that the garbage collector does not move, aligned to FACELITE_ALIGNMENT.
    internal sealed class Block : IDisposable
    {
        const int Alignment = 64;
        IntPtr taken;
        internal readonly IntPtr Address;
        internal readonly UIntPtr Bytes;

        internal Block(UIntPtr bytes)
        {
            taken = Marshal.AllocHGlobal(checked((int)bytes + Alignment));
            Address = new IntPtr((taken.ToInt64() + Alignment - 1) / Alignment * Alignment);
            Bytes = bytes;
        }

        ~Block() { Free(); }

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        void Free()
        {
            Marshal.FreeHGlobal(taken); // null is fine
            taken = IntPtr.Zero;
        }
    }

    // A student.facelite. Any number of streams and threads share it; dispose of it after them.
    public sealed class Model : IDisposable
    {
        readonly Block blob, memory;
        IntPtr handle;
        public readonly Info Info;

        public Model(byte[] student)
        {
            blob = new Block((UIntPtr)student.Length);
            Marshal.Copy(student, 0, blob.Address, student.Length);
            Native.Check(Native.facelite_inspect(blob.Address, blob.Bytes, out Info), "student");
            memory = new Block(Info.ModelBytes);
            Native.Check(
                Native.facelite_model_init(memory.Address, memory.Bytes, blob.Address, blob.Bytes, out handle), "model");
            GC.KeepAlive(this);
        }

        internal IntPtr Handle
        {
            get
            {
                Check();
                return handle;
            }
        }

        internal void Check()
        {
            if (handle == IntPtr.Zero) throw new ObjectDisposedException("Model");
        }

        // Which morph target a value of a frame is for.
        public string ControlName(uint index)
        {
            string name = Marshal.PtrToStringAnsi(Native.facelite_control_name(Handle, index));
            GC.KeepAlive(this);
            return name;
        }

        public void Dispose()
        {
            handle = IntPtr.Zero;
            memory.Dispose();
            blob.Dispose();
        }
    }

    // One character. One thread at a time.
    public sealed class Stream : IDisposable
    {
        readonly Model model;
        readonly Block memory, scratch;
        IntPtr handle;
        public readonly int Controls;
        public readonly Latency Latency;

        // hz: rate of the audio that it will hear; in Unity AudioSettings.outputSampleRate.
        public Stream(Model model, uint hz)
        {
            this.model = model;
            Controls = (int)model.Info.Controls;
            UIntPtr bytes = Native.facelite_stream_bytes(model.Handle, hz);
            if (bytes == UIntPtr.Zero) throw new ArgumentOutOfRangeException("hz", hz + " Hz cannot be heard");
            memory = new Block(bytes);
            scratch = new Block(model.Info.ScratchBytes);
            Check(Native.facelite_stream_init(memory.Address, bytes, model.Handle, out handle), "stream");
            Check(Native.facelite_stream_set_rate(handle, hz), "stream");
            Check(Native.facelite_stream_latency(handle, out Latency), "stream");
        }

        // Frames that a push of so many samples, or a flush, would return now.
        public int FramesFor(int samples)
        {
            UIntPtr frames = Native.facelite_stream_frames_for(Handle, (UIntPtr)samples);
            GC.KeepAlive(this);
            return (int)frames;
        }

        public int FramesPending
        {
            get
            {
                UIntPtr frames = Native.facelite_stream_frames_pending(Handle);
                GC.KeepAlive(this);
                return (int)frames;
            }
        }

        // Hears pcm[first .. first + samples - 1], -1..1 or int16. frames: room for FramesFor(samples) * Controls.
        // Returns how many frames it stored.
        public int Push(float[] pcm, int first, int samples, float[] frames)
        {
            Range(pcm, first, samples);
            if (samples == 0) return 0;
            UIntPtr written;
            Check(
                Native.facelite_stream_push_f32(
                    Handle, scratch.Address, ref pcm[first], (UIntPtr)samples, frames, Room(frames), out written), "push");
            return (int)written;
        }

        public int Push(short[] pcm, int first, int samples, float[] frames)
        {
            Range(pcm, first, samples);
            if (samples == 0) return 0;
            UIntPtr written;
            Check(
                Native.facelite_stream_push_i16(
                    Handle, scratch.Address, ref pcm[first], (UIntPtr)samples, frames, Room(frames), out written), "push");
            return (int)written;
        }

        // The clip has ended: the frames still owed.
        public int Flush(float[] frames)
        {
            UIntPtr written;
            Check(Native.facelite_stream_flush(Handle, scratch.Address, frames, Room(frames), out written), "flush");
            return (int)written;
        }

        // The face at a second of the clip's clock, into Controls values.
        public void Sample(double seconds, float[] face)
        {
            if (face.Length < Controls) throw new ArgumentException("it has fewer values than controls", "face");
            Check(Native.facelite_stream_sample(Handle, seconds, face), "sample");
        }

        // Stops speech: the face leaves its pose at `at` for what comes next, over `fade` seconds.
        public void Stop(double at, double fade) { Check(Native.facelite_stream_stop(Handle, at, fade), "stop"); }

        public void Reset() { Check(Native.facelite_stream_reset(Handle), "reset"); }

        public void Dispose()
        {
            handle = IntPtr.Zero;
            scratch.Dispose();
            memory.Dispose();
        }

        // Memory that C may use: neither the stream nor its model is disposed of.
        IntPtr Handle
        {
            get
            {
                if (handle == IntPtr.Zero) throw new ObjectDisposedException("Stream");
                model.Check();
                return handle;
            }
        }

        // After every call of C: until it has returned, the garbage collector must not take this for done with, whose
        // memory C is using.
        void Check(int status, string what)
        {
            GC.KeepAlive(this);
            Native.Check(status, what);
        }

        UIntPtr Room(float[] frames) { return (UIntPtr)(frames.Length / Controls); }

        static void Range(Array pcm, int first, int samples)
        {
            if (first < 0 || samples < 0 || samples > pcm.Length - first) throw new ArgumentOutOfRangeException("samples");
        }
    }
}
