using Sched;
using Sched.Unity;
using Unity.Collections;
using UnityEngine;

/// <summary>
/// Steps a scheduler, a call each frame, with a model that has seen only -1 and 1: put your network
/// where it says so.
/// </summary>
public sealed class LoopBehaviour : MonoBehaviour
{
    [SerializeField]
    private string config = "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"use_karras_sigmas\": true}";

    [SerializeField]
    private int numSteps = 20;

    private const int Elements = 4;
    private NativeArray<float> sample;
    private NativeArray<float> noise;
    private State state;

    /// <summary>Starts the loop.</summary>
    private void OnEnable()
    {
        using (var scheduler = new Scheduler(config))
        {
            state = scheduler.Init(new InitOptions(numSteps, Elements) { Seed = 7 });
        }

        sample = new NativeArray<float>(Elements, Allocator.Persistent);
        noise = new NativeArray<float>(Elements, Allocator.Persistent);
        state.InitialNoise(sample);
    }

    /// <summary>Takes the next call.</summary>
    private void Update()
    {
        if (!(state.NextCall() is { } call))
        {
            return;
        }

        // Your model here.
        for (var k = 0; k < Elements; k++)
        {
            var nearest = sample[k] < 0 ? -call.Alpha : call.Alpha;
            noise[k] = (float)((sample[k] - nearest) / call.Sigma);
        }

        state.StepInPlace(sample, noise);
        if (state.IsFinished)
        {
            Debug.Log($"{sample[0]:F9} {sample[1]:F9} {sample[2]:F9} {sample[3]:F9}");
        }
    }

    /// <summary>Ends the loop, finished or not.</summary>
    private void OnDisable()
    {
        state?.Dispose();
        sample.Dispose();
        noise.Dispose();
    }
}
