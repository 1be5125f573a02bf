# The command in an image, made of the packages that `npm run release:dry` puts into the folder release:
#   docker build --tag holdfast . && docker run --init --rm --env HOLDFAST_STORE holdfast run nightly -- /app/backup
FROM node:24-slim AS packages
COPY release/holdfast-*.tgz /packages/
RUN npm install --global --ignore-scripts --no-audit --no-fund /packages/holdfast-[0-9]*.tgz /packages/holdfast-cli-*.tgz

FROM node:24-slim
COPY --from=packages /usr/local/lib/node_modules/holdfast /usr/local/lib/node_modules/holdfast
COPY --from=packages /usr/local/lib/node_modules/@holdfast /usr/local/lib/node_modules/@holdfast
RUN ln -s ../lib/node_modules/@holdfast/cli/bin/holdfast.js /usr/local/bin/holdfast
USER node
ENTRYPOINT ["holdfast"]
