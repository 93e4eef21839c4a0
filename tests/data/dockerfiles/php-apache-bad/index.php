<?php
echo "<h1>Guestbook</h1>";
