# Writes .env with new random secrets for compose.yaml. Fails if .env exists.
set -eCu
umask 077
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
cat >.env <<END
JWT_SECRET=$(random 32)
# The access key of Garage: GK and 24 hexadecimal digits. Its secret: 64 hexadecimal digits.
AWS_ACCESS_KEY_ID=GK$(random 12)
AWS_SECRET_ACCESS_KEY=$(random 32)
GARAGE_RPC_SECRET=$(random 32)
# Bearer token for /metrics.
METRICS_TOKEN=$(random 32)
END
