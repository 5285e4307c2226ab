# The engine and its service: exactly what requirements.lock says, on a slim Python, run by a user without rights.
FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/brain
COPY requirements.lock ./
RUN /opt/brain/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
# What .dockerignore lets through: the package and nothing else.
COPY . ./
RUN /opt/brain/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-index \
    --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp brain \
    && install --directory --owner=brain --group=brain --mode=0750 /lake \
    && install --directory --owner=brain --group=brain --mode=0700 /key
COPY --from=build /opt/brain /opt/brain
ENV PATH=/opt/brain/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1 BRAIN_LAKE=/lake BRAIN_KEY=/key/lake.key
USER brain
# Faust makes a folder in the working folder, for tables that are not used; everything else here is read-only.
WORKDIR /tmp
CMD ["brain", "--help"]
