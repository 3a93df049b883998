# Writes .env with new random secrets for compose.yaml. Leaves a file that is there alone.
set -eCu
umask 077
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
cat >.env <<END
JWT_SECRET=$(random 32)
# The key of Garage: GK and 24 hexadecimal digits, and 64 of them.
AWS_ACCESS_KEY_ID=GK$(random 12)
AWS_SECRET_ACCESS_KEY=$(random 32)
GARAGE_RPC_SECRET=$(random 32)
# The bearer token for /metrics, which is 404 without one.
METRICS_TOKEN=$(random 32)
END
