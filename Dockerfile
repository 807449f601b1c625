# The worker's image; `make image` builds it. Its layers stand in the order in which they change, rarest first: base,
# system packages, dependencies, models, voices, code. The embedded engine has no model to bring; MODELS names others,
# which a stage of their own fetches and converts: new code makes the same files of them, and their layer stays.

# Ubuntu 24.04 has the Python the worker runs on, 3.12. CUDA 12.8 needs the NVIDIA driver 570 or newer on the host; the
# engines that use it bring the rest of CUDA along. Without CUDA: --build-arg BASE=ubuntu:24.04
ARG BASE=nvidia/cuda:12.8.1-base-ubuntu24.04@sha256:133c78a0575303be34164d0b90137a042172bdf60696af01a3c424ab402d86e2
FROM ${BASE} AS dependencies

# `make image` sets the licences anew where WITHOUT=espeak leaves the GPL out.
LABEL org.opencontainers.image.title="runpod-tts-worker" \
      org.opencontainers.image.description="A RunPod serverless worker that turns text into speech" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-3.0-or-later"
ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /app

# ca-certificates: the platform's SDK trusts the certificates of the system.
# The archive keeps only the newest version of a package, so one pinned here would soon stop the build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates make python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

# WITHOUT=espeak leaves the embedded engine, which is GPL-3.0, out of the image.
ARG WITHOUT=
COPY Makefile ./
COPY builder/requirements builder/requirements
RUN make setup WITHOUT=${WITHOUT}

# MODELS=chatterbox-turbo,chatterbox-nano brings neural engines, torch and their checkpoints along.
ARG MODELS=
RUN make neural MODELS=${MODELS}

FROM dependencies AS models
COPY builder/__init__.py builder/fetch_models.py builder/models.toml builder/
COPY builder/fetch builder/fetch
RUN make models MODELS=${MODELS}
# TRUNK=float32 where the image is to run without a GPU.
ARG TRUNK=bfloat16
COPY builder/convert_models.py builder/
COPY voice_library voice_library
COPY worker worker
RUN make lean MODELS=${MODELS} TRUNK=${TRUNK} REMOVE=yes

FROM dependencies
COPY --from=models /app/models models
ENV TTS_MODELS_DIR=/app/models

COPY embeddings embeddings
COPY LICENSE handler.py test_input.json ./
COPY voice_library voice_library
COPY worker worker

# Root, because network volumes belong to root; --build-arg RUN_AS=10001 where no result goes to one.
ARG RUN_AS=0
USER ${RUN_AS}
# Python is process 1: the platform's signals reach it, and nothing it started outlives it.
ENTRYPOINT []
CMD ["/app/.venv/bin/python", "handler.py"]
