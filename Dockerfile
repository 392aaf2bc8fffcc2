# Lattice without the embedded services: web by default, worker, beat and migrate by command.

FROM python:3.11-slim-bookworm AS build
WORKDIR /lattice
COPY requirements requirements
RUN python3 requirements/install.py base
COPY . .
RUN LATTICE_DATA_DIR=/tmp/build .venv/bin/python manage.py collectstatic --no-input

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /data lattice
WORKDIR /lattice
COPY --from=build /lattice .
ENV PATH=/lattice/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    LATTICE_ENV=production LATTICE_DATA_DIR=/data HOST=0.0.0.0 PORT=8000
USER lattice
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s \
    CMD ["python", "-m", "apps.common.runtime.port", "8000"]
CMD ["python", "manage.py", "run", "web"]
