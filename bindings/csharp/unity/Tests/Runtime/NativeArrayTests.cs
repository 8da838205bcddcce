using System;
using NUnit.Framework;
using Sched.Unity;
using Unity.Collections;

namespace Sched.Tests
{
    /// <summary>Loops on NativeArray give what they give on arrays.</summary>
    public sealed class NativeArrayTests
    {
        private const int N = 20;

        [Test]
        public void LoopsOnNativeArraysAreThoseOnArrays()
        {
            using (var scheduler = new Scheduler("{\"_class_name\": \"EulerDiscreteScheduler\"}"))
            using (var state = scheduler.Init(new InitOptions(10, N) { Seed = 42 }))
            using (var other = state.Clone())
            using (var x = new NativeArray<float>(N, Allocator.Temp))
            using (var f = new NativeArray<float>(N, Allocator.Temp))
            {
                var y = new float[N];
                state.InitialNoise(x);
                other.InitialNoise(y);
                while (state.NextCall() != null)
                {
                    state.ScaleInput(x, f);
                    var g = f.ToArray();
                    state.StepInPlace(x, f);
                    other.StepInPlace(y, g);
                    Assert.AreEqual(y, x.ToArray());
                }

                Assert.IsTrue(other.IsFinished);
            }
        }

        [Test]
        public void HalvesAreViewedByTheirBits()
        {
            using (var scheduler = new Scheduler("{\"_class_name\": \"DDIMScheduler\"}"))
            using (var state = scheduler.Init(new InitOptions(10, N) { Dtype = Dtype.Float16 }))
            using (var x = new NativeArray<ushort>(N, Allocator.Temp))
            {
                state.InitialNoise(x.AsTensor(Dtype.Float16));
                Assert.AreNotEqual(new ushort[N], x.ToArray());
                state.StepInPlace(x.AsTensor(Dtype.Float16), x.ToArray().AsHalves());
                Assert.AreEqual(1, state.CallsDone);
            }
        }

        [Test]
        public void WrongArraysAreRefused()
        {
            using (var scheduler = new Scheduler("{\"_class_name\": \"DDIMScheduler\"}"))
            using (var state = scheduler.Init(new InitOptions(10, N)))
            using (var x = new NativeArray<float>(N, Allocator.Temp))
            using (var shorter = new NativeArray<float>(N - 1, Allocator.Temp))
            {
                var error = Assert.Throws<SchedException>(() => state.StepInPlace(x, shorter));
                Assert.AreEqual(Status.Shape, error.Status);
                var gone = new NativeArray<float>(N, Allocator.Temp);
                gone.Dispose();
                Assert.Catch<Exception>(() => state.InitialNoise(gone));
                Assert.AreEqual(0, state.CallsDone);
            }
        }
    }

    internal static class Views
    {
        internal static ReadOnlyTensor AsHalves(this ushort[] bits) => ReadOnlyTensor.Float16(bits);
    }
}
