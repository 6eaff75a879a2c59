#!/bin/sh
# Writes the configuration at the first start and becomes Apache. What people have set since then stays; only
# the passwords of our two accounts, which come as files from the portal, are set at each start.
set -eu

conf=/etc/dokuwiki
pages=/var/lib/dokuwiki/data/pages
secrets=/run/osk
[ -e "$conf/acl.auth.php" ] || cp -a /opt/osk/conf/. "$conf/" 2>/dev/null || true

if [ ! -e "$conf/.osk-written" ]; then
    cat > "$conf/local.php" <<'PHP'
<?php
$conf['title'] = 'DokuWiki (Testumgebung)';
$conf['lang'] = 'de';
$conf['license'] = '0';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['disableactions'] = 'register';
$conf['updatecheck'] = 0;
$conf['mailfrom'] = 'wiki@example.org';
PHP
    printf '*\t@ALL\t0\n*\t@user\t8\n' > "$conf/acl.auth.php"
    printf '%s\n' "verwaltung:-:Verwaltung:verwaltung@example.org:user,admin" \
        "redaktion:-:Redaktion:redaktion@example.org:user" > "$conf/users.auth.php"
    # Demo data, where the test product wants them (OSK_DEMO).
    if [ -n "${OSK_DEMO:-}" ]; then
        mkdir -p "$pages/beispiel"
        cp /opt/osk/beispiel/*.txt "$pages/beispiel/"
    fi
    touch "$conf/.osk-written"
fi

# Where people open it, the gate's address or the container's own: in a file that the wiki itself never writes.
{
    echo '<?php'
    [ -z "${OSK_ORIGIN:-}" ] || printf "\$conf['baseurl'] = '%s';\n" "$OSK_ORIGIN"
} > "$conf/local.protected.php"

for name in verwaltung redaktion; do
    [ -r "$secrets/$name" ] || continue
    OSK_HASH=$(php -r 'echo password_hash(file_get_contents($argv[1]), PASSWORD_BCRYPT);' "$secrets/$name")
    export OSK_HASH
    awk -F: -v OFS=: -v name="$name" '$1 == name { $2 = ENVIRON["OSK_HASH"] } { print }' \
        "$conf/users.auth.php" > "$conf/users.auth.php.new"
    mv "$conf/users.auth.php.new" "$conf/users.auth.php"
done
unset OSK_HASH

export APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data APACHE_PID_FILE=/tmp/apache2.pid
export APACHE_RUN_DIR=/tmp APACHE_LOCK_DIR=/tmp APACHE_LOG_DIR=/tmp
exec apache2 -DFOREGROUND
