# One image for every role: `docker build -t leadline .`; the command picks the role (`worker sink`, `migrate`, ...).
FROM python:3.13-slim AS build
COPY requirements/uv.txt /tmp/uv.txt
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r /tmp/uv.txt
WORKDIR /src
COPY requirements/services.txt requirements/services.txt
RUN python -m venv /opt/leadline \
    && VIRTUAL_ENV=/opt/leadline /opt/build/bin/uv pip install --no-cache --require-hashes -r requirements/services.txt
COPY . .
RUN VIRTUAL_ENV=/opt/leadline /opt/build/bin/uv pip install --no-cache --no-deps .

FROM python:3.13-slim
RUN useradd --system --create-home leadline
COPY --from=build /opt/leadline /opt/leadline
ENV PATH=/opt/leadline/bin:$PATH PYTHONUNBUFFERED=1
USER leadline
WORKDIR /home/leadline
ENTRYPOINT ["leadline"]
CMD ["--help"]
